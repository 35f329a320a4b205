"""Which model answers a wish: cases H and I by their effect, fallbacks, defaults and aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from subagents.errors import InvalidScript, ModelUnavailable
from subagents.models.choice import ModelChoice, ModelWish
from subagents.models.providers import PROVIDERS
from subagents.models.selection import exact_model
from subagents.models.served import Served
from subagents.models.wishes import Chooser
from subagents.places import project_at
from subagents.settings.layers import layered
from subagents.settings.model import Settings
from subagents.spec import AskedBy
from subagents.testing.clock import FakeClock

NOBODY: Mapping[str, str] = {}
ANTHROPIC = {"ANTHROPIC_API_KEY": "a"}
OPENAI = {"OPENAI_API_KEY": "o"}
GOOGLE = {"GEMINI_API_KEY": "g"}
COMPATIBLE = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
DEFAULTS = {each.name: f"{each.name}:{each.default}" for each in PROVIDERS}


class Told(Served):
    """Servers that have these models; None does not answer. Counts who was asked."""

    def __init__(
        self, ollama: tuple[str, ...] | None = None, compatible: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(FakeClock())
        self._told = {"ollama": ollama, "compatible": compatible}
        self.asked: list[str] = []

    async def ollama(self, environ: Mapping[str, str]) -> tuple[str, ...] | None:
        self.asked.append("ollama")
        return self._told["ollama"]

    async def compatible(self, environ: Mapping[str, str]) -> tuple[str, ...] | None:
        self.asked.append("compatible")
        return self._told["compatible"]


def chooser(environ: Mapping[str, str], served: Served | None = None, **settings: Any) -> Chooser:
    return Chooser(replace(Settings(), **settings), served or Told(), environ)


def wish(asked: str, decided: str = "caller", by: AskedBy = AskedBy.PERSON, inherited: str = "") -> ModelWish:
    return ModelWish(asked=asked, decided=decided, asked_by=by, inherited=inherited)


async def named(asked: str, environ: Mapping[str, str], served: Served | None = None) -> str:
    """What a person's name means, without notes."""
    choice = await chooser(environ, served)(wish(asked))
    assert choice.notes == ()
    return choice.model


# --- what answers when nothing is said


@pytest.mark.parametrize(
    ("environ", "model"),
    [
        (NOBODY, "offline"),
        (ANTHROPIC, DEFAULTS["anthropic"]),
        (OPENAI, DEFAULTS["openai"]),
        (GOOGLE, DEFAULTS["google"]),
        ({"GOOGLE_API_KEY": "g"}, DEFAULTS["google"]),
        (GOOGLE | OPENAI, DEFAULTS["openai"]),
        (GOOGLE | OPENAI | ANTHROPIC, DEFAULTS["anthropic"]),
        ({"ANTHROPIC_API_KEY": "  "}, "offline"),
    ],
)
async def test_the_first_provider_with_a_key_answers(environ: Mapping[str, str], model: str):
    assert await chooser(environ).default() == ModelChoice(model)
    assert await chooser(environ)(wish("", "default")) == ModelChoice(model)
    assert exact_model("", environ) == model


async def test_a_local_model_answers_where_no_provider_has_a_key():
    served = Told(ollama=("qwen3:8b", "llama3.2:latest"))
    assert await chooser(NOBODY, served).default() == ModelChoice("ollama:qwen3:8b")
    assert await chooser(OPENAI, served).default() == ModelChoice(DEFAULTS["openai"])
    assert await chooser(NOBODY, Told(ollama=())).default() == ModelChoice("offline")


async def test_the_setting_comes_before_all_keys_and_offline_stays_offline():
    assert await chooser(ANTHROPIC, model="offline").default() == ModelChoice("offline")
    assert await chooser(ANTHROPIC | OPENAI, model="gpt-4o").default() == ModelChoice("openai:gpt-4o")
    assert await named("offline", ANTHROPIC) == "offline"


async def test_a_setting_that_cannot_be_used_is_an_error_that_names_it():
    with pytest.raises(ModelUnavailable) as error:
        await chooser(OPENAI, model="opus")(wish("opus", "settings"))
    assert str(error.value) == (
        "The setting `model` is 'opus', which cannot be used. The model 'opus' needs a key: set ANTHROPIC_API_KEY."
    )


async def test_a_server_of_ones_own_answers_with_what_it_has():
    assert await chooser(COMPATIBLE, Told(compatible=("mine", "other"))).default() == ModelChoice(
        "openai:mine"
    )
    ours = PROVIDERS[1].default
    assert (await chooser(COMPATIBLE, Told(compatible=("mine", ours))).default()).model == f"openai:{ours}"
    silent = await chooser(COMPATIBLE).default()
    assert silent.model == DEFAULTS["openai"]
    assert silent.notes[0].startswith("http://127.0.0.1:1/v1 does not say which models it has, so openai:")


async def test_openai_itself_is_not_asked_what_it_has():
    served = Told()
    environ = OPENAI | {"OPENAI_BASE_URL": "https://api.openai.com/v1"}
    assert await chooser(environ, served).default() == ModelChoice(DEFAULTS["openai"])
    assert served.asked == []


# --- by name


@pytest.mark.parametrize(
    "exact", ["anthropic:claude-9-new", "anthropic:claude-opus-4-6", "openai-chat:gpt-4o"]
)
async def test_an_exact_name_is_believed_and_nobody_is_asked(exact: str):
    served = Told()
    assert await named(exact, ANTHROPIC | OPENAI, served) == exact
    assert served.asked == []


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        ("anthropic/claude-opus-4-6", "anthropic:claude-opus-4-6"),
        ("Anthropic/Claude-Opus-4.6", "anthropic:claude-opus-4-6"),
        ("anthropic/claude-haiku-4-5-20251001", "anthropic:claude-haiku-4-5-20251001"),
        ("anthropic/claude-9-new", "anthropic:claude-9-new"),
        ("gemini/gemini-2.5-pro", "google:gemini-2.5-pro"),
        ("gpt-4o", "openai:gpt-4o"),
        ("openai-chat/gpt-4o", "openai-chat:gpt-4o"),
        ("sonnet 4.5", "anthropic:claude-sonnet-4-5"),
        ("  gpt4o ", "openai:gpt-4o"),
    ],
)
async def test_names_are_understood(asked: str, model: str):
    assert await named(asked, ANTHROPIC | OPENAI | GOOGLE) == model


@pytest.mark.parametrize("alias", ["opus", "sonnet", "haiku"])
async def test_an_alias_is_the_newest_of_its_family(alias: str):
    newest = await named(alias, ANTHROPIC | OPENAI)
    assert newest.startswith(f"anthropic:claude-{alias}-")
    assert (
        newest == await named(f"anthropic:{alias}", ANTHROPIC) == await named(f"anthropic/{alias}", ANTHROPIC)
    )


async def test_h27_an_exact_id_crosses_to_who_has_it_with_a_note():
    for asked in ("mistral/gpt-4o", "google/gpt-4o", "anthropic/gpt-4o"):
        choice = await chooser(ANTHROPIC | OPENAI)(wish(asked))
        note = f"There is no model {asked!r} here; openai:gpt-4o has the same id and answers."
        assert choice == ModelChoice("openai:gpt-4o", (note,))


async def test_h19_a_missing_key_is_named():
    for asked in (
        "anthropic/claude-sonnet-4-6",
        "anthropic:claude-sonnet-4-6",
        "claude-sonnet-4-6",
        "Sonnet",
    ):
        with pytest.raises(ModelUnavailable) as error:
            await chooser(OPENAI)(wish(asked))
        assert str(error.value) == f"The model {asked!r} needs a key: set ANTHROPIC_API_KEY."
    with pytest.raises(ModelUnavailable, match=r"set GEMINI_API_KEY or GOOGLE_API_KEY\.$"):
        await chooser(OPENAI)(wish("google:gemini-9"))


async def test_a_name_of_nothing_is_refused_with_what_there_is():
    with pytest.raises(ModelUnavailable, match=r"no model 'nope' here\. Available: anthropic/.*claude-opus"):
        await chooser(ANTHROPIC)(wish("nope"))
    with pytest.raises(
        ModelUnavailable, match=r"No model is available\. Set one of ANTHROPIC_API_KEY, .*Ollama"
    ):
        await chooser(NOBODY)(wish("nope"))
    with pytest.raises(ModelUnavailable) as error:
        await chooser(ANTHROPIC)(wish("x" * 100_000))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("asked", ["openai/opus", "openai:opus", "anthropic/gpt", "anthropic:sol"])
async def test_a_word_that_is_no_model_of_its_provider_is_refused_with_those_it_has(asked: str):
    with pytest.raises(ModelUnavailable) as error:
        await chooser(ANTHROPIC | OPENAI)(wish(asked))
    provider = asked.partition(":")[0].partition("/")[0]
    assert str(error.value).startswith(f"There is no model {asked!r} here. Available: {provider}/")
    # A server that does not tell what it has may have it.
    assert (await chooser(COMPATIBLE)(wish("openai/opus"))).model == "openai:opus"


@pytest.mark.parametrize(
    "asked", ["openai::x", "openai:/x-1", ":x", ":opus", "/opus", "openai:", "anthropic/", "e", "1"]
)
async def test_what_is_half_a_name_is_refused(asked: str):
    with pytest.raises(ModelUnavailable, match="There is no model"):
        await chooser(ANTHROPIC | OPENAI)(wish(asked))


@pytest.mark.parametrize("asked", ["Offline", "OFFLINE", " offline "])
async def test_offline_is_offline_in_any_case(asked: str):
    assert await named(asked, ANTHROPIC) == "offline"
    assert exact_model(asked.strip(), ANTHROPIC) == "offline"


async def test_local_models_are_named_by_their_tag_or_a_part():
    served = Told(ollama=("qwen3:8b", "llama3.2:latest"))
    assert await named("ollama:qwen3:8b", NOBODY, served) == "ollama:qwen3:8b"
    assert await named("ollama/LLAMA3.2", NOBODY, served) == "ollama:llama3.2:latest"
    assert await named("ollama/qwen", ANTHROPIC, served) == "ollama:qwen3:8b"
    assert await named("qwen3", ANTHROPIC, served) == "ollama:qwen3:8b"
    with pytest.raises(ModelUnavailable) as error:
        await chooser(NOBODY, served)(wish("ollama:qwen3:32b"))
    assert str(error.value) == (
        "Ollama has no model 'qwen3:32b'; get it with `ollama pull qwen3:32b`. "
        "Available: ollama/llama3.2:latest, ollama/qwen3:8b."
    )
    with pytest.raises(ModelUnavailable, match=r"nothing answers at http://127\.0\.0\.1:9: start it"):
        await chooser({"OLLAMA_HOST": "127.0.0.1:9"})(wish("ollama:qwen3"))


async def test_a_server_of_ones_own_knows_its_models():
    served = Told(compatible=("meta/Llama-4-70B", "openai/gpt-9", "tiny"))
    assert await named("llama", COMPATIBLE, served) == "openai:meta/Llama-4-70B"
    assert await named("meta/llama-4-70b", COMPATIBLE, served) == "openai:meta/Llama-4-70B"
    assert await named("openai/gpt-9", COMPATIBLE, served) == "openai:openai/gpt-9"
    assert await named("openai/gpt-10", COMPATIBLE, served) == "openai:gpt-10"
    served.asked.clear()
    assert await named("openai:brand-new-1", COMPATIBLE, served) == "openai:brand-new-1"
    assert served.asked == []


# --- what a file asks for


async def test_h31_a_model_that_a_file_pins_and_that_is_not_here_falls_back_and_says_so():
    pinned = await chooser(OPENAI)(wish("haiku", "definition", AskedBy.MODEL, "openai:gpt-5"))
    assert pinned.model == "openai:gpt-5"
    assert pinned.notes == (
        "The agent's file asks for the model 'haiku', which cannot be used here (it needs a key: ANTHROPIC_API_KEY); "
        "openai:gpt-5 runs instead.",
    )
    without_parent = await chooser(OPENAI)(wish("nope", "definition"))
    assert without_parent == ModelChoice(
        DEFAULTS["openai"],
        (
            "The agent's file asks for the model 'nope', which cannot be used here (no model here is called so); "
            f"{DEFAULTS['openai']} runs instead.",
        ),
    )
    offline = await chooser(NOBODY)(wish("opus", "definition"))
    assert offline.notes[0].endswith("offline (no language model) runs instead.")


async def test_a_file_may_pin_what_is_here():
    assert await chooser(ANTHROPIC)(wish("anthropic:claude-opus-5", "definition")) == ModelChoice(
        "anthropic:claude-opus-5"
    )


async def test_what_a_parent_runs_on_is_taken_as_it_is():
    for decided, asked in (("parent", "openai:gpt-5"), ("caller", "inherit"), ("definition", "Inherit")):
        choice = await chooser(ANTHROPIC)(wish(asked, decided, AskedBy.MODEL, "openai:gpt-5"))
        assert choice == ModelChoice("openai:gpt-5")
    assert (await chooser(ANTHROPIC)(wish("inherit"))).model == DEFAULTS["anthropic"]


async def test_scripts_are_read_before_they_are_chosen(tmp_path: Path):
    script = tmp_path / "turns.yaml"
    script.write_text("turns:\n  - text: done\n")
    assert await named(f"script:{script}", NOBODY) == f"script:{script}"
    with pytest.raises(ModelUnavailable, match="There is no script"):
        await chooser(NOBODY)(wish(f"script:{tmp_path}/none.yaml"))
    script.write_text("not turns")
    with pytest.raises(InvalidScript):
        await chooser(NOBODY)(wish(f"script:{script}", "definition"))


async def test_only_a_person_or_a_program_can_have_a_script_answer(tmp_path: Path):
    script = tmp_path / "turns.yaml"
    script.write_text("turns:\n  - text: done\n")
    for by in (AskedBy.MODEL, AskedBy.SCHEDULE):
        for asked in (f"script:{script}", f"  script:{script}", f"script:{tmp_path}/none.yaml"):
            with pytest.raises(ModelUnavailable, match="Only a person or a program can have a script answer"):
                await chooser(ANTHROPIC)(wish(asked, by=by))
        # A file, which is trusted or not before this, and a parent may have one.
        for decided in ("definition", "parent"):
            own = wish(f"script:{script}", decided, by, f"script:{script}")
            assert (await chooser(ANTHROPIC)(own)).model == f"script:{script}"
    for by in (AskedBy.PERSON, AskedBy.PROGRAM):
        assert (await chooser(ANTHROPIC)(wish(f"script:{script}", by=by))).model == f"script:{script}"


# --- what is set wrongly


@pytest.mark.parametrize(
    "environ",
    [{"OPENAI_BASE_URL": "http://[::1"}, {"OPENAI_API_KEY": "sk-é"}, {"OLLAMA_HOST": "box:port"}],
    ids=lambda each: next(iter(each)),
)
async def test_a_variable_that_cannot_be_used_is_named_and_stands_in_no_others_way(environ: dict[str, str]):
    variable = next(iter(environ))
    mine = "ollama:qwen3" if variable == "OLLAMA_HOST" else "openai:gpt-5"
    for asked in (mine, mine.replace(":", "/")):
        with pytest.raises(ModelUnavailable, match=f"in {variable} "):
            await chooser(environ)(wish(asked))
    assert (await chooser(environ | ANTHROPIC)(wish("opus"))).model.startswith("anthropic:claude-opus-")
    if variable != "OLLAMA_HOST":
        with pytest.raises(ModelUnavailable, match=f"in {variable} "):
            await chooser(environ).default()


async def test_what_is_secret_in_an_address_is_not_said():
    silent = await chooser({"OPENAI_BASE_URL": "http://me:secret@127.0.0.1:1/v1?key=secret"}).default()
    assert silent.notes[0].startswith("http://127.0.0.1:1/v1 does not say")


# --- scope

HAIKU = "anthropic/claude-haiku-4-5"
SCOPE: dict[str, Any] = {
    "scope_models": True,
    "enabled_models": (HAIKU, "openai/gpt-9-new", "nobody/x-1", "Opus"),
}


async def test_i11_a_model_that_asks_out_of_scope_is_told_what_is_in_it():
    for by in (AskedBy.MODEL, AskedBy.SCHEDULE):
        with pytest.raises(ModelUnavailable) as error:
            await chooser(ANTHROPIC | OPENAI, **SCOPE)(wish("claude-opus-4-6", by=by))
        assert str(error.value) == (
            "The model 'claude-opus-4-6' (anthropic:claude-opus-4-6) is not one that agents may be started with. "
            "Choose one of: anthropic/claude-haiku-4-5, openai/gpt-9-new."
        )


async def test_i13_without_a_scope_anything_goes():
    choose = chooser(ANTHROPIC, enabled_models=(HAIKU,))
    assert (await choose(wish("claude-opus-4-6", by=AskedBy.MODEL))).notes == ()


async def test_a_restriction_does_not_end_with_the_key_of_the_models_it_names():
    closed = chooser(ANTHROPIC, scope_models=True, enabled_models=("google/gemini-2.5-pro", "haiku"))
    with pytest.raises(ModelUnavailable, match=r"Choose one of: google/gemini-2\.5-pro\."):
        await closed(wish("claude-opus-4-6", by=AskedBy.MODEL))


async def test_i7_a_list_that_names_no_model_restricts_nothing_and_that_is_said():
    choose = chooser(ANTHROPIC, scope_models=True, enabled_models=("Opus", "nobody/x-1", ""))
    choice = await choose(wish("claude-opus-4-6", by=AskedBy.MODEL))
    assert choice == ModelChoice(
        "anthropic:claude-opus-4-6",
        (
            f"The setting enabled_models restricts nothing, because it names no provider/id such as "
            f"anthropic/{PROVIDERS[0].default}: 'Opus', 'nobody/x-1'.",
        ),
    )
    assert chooser(ANTHROPIC, enabled_models=("Opus",)).scope_notes() == ()


async def test_local_models_stay_the_only_ones_while_their_server_is_down():
    scope: dict[str, Any] = {"scope_models": True, "enabled_models": ("ollama/mistral", "ollama/qwen3:8b")}
    served = Told(ollama=("mistral:latest", "qwen3:8b", "other:1b"))
    choose = chooser(ANTHROPIC, served, **scope)
    for asked, model in (("ollama:mistral", "ollama:mistral:latest"), ("ollama/qwen", "ollama:qwen3:8b")):
        assert (await choose(wish(asked, by=AskedBy.MODEL))).model == model
    for up_or_down in (served, Told()):
        with pytest.raises(ModelUnavailable, match=r"Choose one of: ollama/mistral, ollama/qwen3:8b\."):
            await chooser(ANTHROPIC, up_or_down, **scope)(wish("opus", by=AskedBy.MODEL))


async def test_a_word_means_a_model_in_scope_where_there_is_one():
    choose = chooser(ANTHROPIC | OPENAI, **SCOPE)
    assert (await choose(wish("haiku", by=AskedBy.MODEL))).model == "anthropic:claude-haiku-4-5"
    assert (await choose(wish("openai:gpt-9-new", by=AskedBy.MODEL))).model == "openai:gpt-9-new"
    assert (await choose(wish("offline", by=AskedBy.MODEL))).model == "offline"


@pytest.mark.parametrize(
    ("decided", "by", "who"),
    [
        ("caller", AskedBy.PERSON, "whoever asked"),
        ("caller", AskedBy.PROGRAM, "whoever asked"),
        ("definition", AskedBy.MODEL, "the agent's file"),
        ("parent", AskedBy.MODEL, "its parent"),
    ],
)
async def test_nobody_else_is_held_to_the_scope_but_it_is_said(decided: str, by: AskedBy, who: str):
    opus = "anthropic:claude-opus-4-6"
    choice = await chooser(ANTHROPIC, **SCOPE)(wish(opus, decided, by, opus))
    note = f"{opus} is not among the models that are enabled (the setting enabled_models); {who} chose it."
    assert choice == ModelChoice(opus, (note,))


async def test_what_the_user_has_set_is_not_remarked_on():
    choice = await chooser(ANTHROPIC, model="claude-opus-4-6", **SCOPE)(wish("claude-opus-4-6", "settings"))
    assert choice == ModelChoice("anthropic:claude-opus-4-6")


def test_i9_the_projects_list_replaces_the_users(tmp_path: Path, home: Path):
    lists = ((home / "subagents", ["one/model-1", "two/model-2"]), (tmp_path / ".subagents", ["two/model-2"]))
    for folder, entries in lists:
        folder.mkdir(exist_ok=True)
        (folder / "settings.toml").write_text(f"enabled_models = {entries}\n")
    assert layered(project_at(tmp_path)).settings.enabled_models == ("two/model-2",)
