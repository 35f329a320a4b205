"""A run that begins with a conversation that was there before it: whose, how much of it, and who decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import msgspec
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of
from tests.serve.mcp.stories import story

from subagents.definitions.documentation import fields_table
from subagents.definitions.fields import ISOLATES, SEES_HISTORY
from subagents.delegation.agent import AGENT, AgentParams
from subagents.delegation.describing import TEMPLATE, Place, described, expanded, values
from subagents.delegation.door import LIBRARY
from subagents.errors import SpawnRefused
from subagents.events import encode
from subagents.ids import RunId
from subagents.runs.state import RunStatus
from subagents.runtime.inheriting import NOTHING_YET
from subagents.runtime.manager import AgentManager
from subagents.sessions.messages import StoredMessage
from subagents.sessions.store import MemoryStore
from subagents.settings.model import Settings
from subagents.spec import AskedBy, SpawnRequest
from subagents.testing.builders import PLAIN, open_manager
from subagents.testing.clock import settled
from subagents.testing.runner import Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
HEIR = replace(PLAIN, name="heir", inherit_context=True)
LONER = replace(PLAIN, name="loner", inherit_context=False)
AGENTS = (PLAIN, HEIR, LONER)


def words(rows: tuple[StoredMessage, ...] | list[StoredMessage]) -> list[str]:
    """What the messages say, without what stands around what was inherited."""
    said = []
    for row in rows:
        message = msgspec.json.decode(row.json)
        if isinstance(message, dict):
            message = " ".join(part["content"] for part in message.get("parts", [message]))
        said.append(message)
    return [text for text in said if not text.startswith("(")]


def parent_that(gate: anyio.Event) -> ScriptedRunner:
    """A parent that said something and goes on until the gate opens; all others answer at once."""
    return ScriptedRunner({"lead": [Tool(text="I look."), Wait(gate), Say("led")]})


async def test_a_child_begins_with_what_its_parent_said_and_the_log_says_whose_it_is():
    runner = parent_that(anyio.Event())
    async with open_manager(runner, agents=AGENTS) as manager:
        parent = await manager.spawn("plain", "lead")
        await settled()
        child = await manager.spawn("plain", "help", parent=parent, inherit_context=True)
        await settled()

        assert words(list(runner.opened[-1].history)) == ["lead", "I look.", "seen"]
        known = manager.state.run(child).spec.inherited
        assert known is not None
        assert (known.run, known.until, known.messages, known.left_out) == (parent, 3, 5, 0)
        async for entry in manager.events():
            assert b"I look." not in encode(entry.event) or entry.event.run == parent  # type: ignore[attr-defined]
            if entry.seq == manager.state.seq:
                break


async def test_a_text_that_the_caller_gives_is_what_is_inherited_and_asks_for_it_by_itself():
    runner = ScriptedRunner()
    async with open_manager(runner, agents=AGENTS) as manager:
        run = await manager.spawn("plain", "go", context="User: fix it\nMe: done")
        await manager.get_result(run, wait=True)
        assert words(list(runner.opened[-1].history)) == ["User: fix it\nMe: done"]
        known = manager.state.run(run).spec.inherited
        assert known is not None
        assert (known.run, known.left_out) == (None, 0)


async def test_of_a_text_that_is_too_long_the_beginning_is_left_out_by_the_setting():
    runner, settings = ScriptedRunner(), Settings(inherit_max_tokens=100)
    async with open_manager(runner, agents=AGENTS, settings=settings) as manager:
        run = await manager.spawn("plain", "go", context="x" * 1_000 + "the end")
        await manager.get_result(run, wait=True)
        (said,) = words(list(runner.opened[-1].history))
        assert (len(said), said[-7:]) == (400, "the end")


@pytest.mark.parametrize("door", ["program", "model"])
async def test_who_wants_to_inherit_and_is_given_nothing_is_refused_and_never_begun_fresh(door: str):
    async with open_manager(agents=AGENTS) as manager:
        with pytest.raises(SpawnRefused) as refused:
            await manager.spawn("heir", "go", asked_by=AskedBy(door))
        assert str(refused.value) == snapshot("""\
The agent 'heir' is to begin with the conversation so far (inherit_context), which is not known here: \
give what it should know of it as text in context.\
""")
        assert not manager.list()


async def test_p25_a_schedule_has_no_conversation_to_pass_on():
    async with open_manager(agents=AGENTS) as manager:
        with pytest.raises(SpawnRefused, match="a schedule has none"):
            await manager.spawn("heir", "go", asked_by=AskedBy.SCHEDULE)


async def test_f5_the_file_beats_what_a_model_asks_and_a_person_beats_the_file():
    async with open_manager(agents=AGENTS) as manager:
        asked = SpawnRequest(agent="loner", prompt="go", inherit_context=True, context="all of it")
        for by, inherits in ((AskedBy.MODEL, False), (AskedBy.PERSON, True)):
            run = await manager.spawn(msgspec.structs.replace(asked, asked_by=by))
            spec = manager.state.run(run).spec
            assert (spec.inherited is not None) == inherits
            told = "The agent 'loner' does not inherit (inherit_context: false), so the context was left out."
            assert (told in spec.notes) != inherits
        fresh = await manager.spawn("heir", "go", inherit_context=False)
        assert manager.state.run(fresh).spec.inherited is None


async def test_y9_of_a_parent_that_said_nothing_yet_nothing_is_inherited_and_that_is_said():
    async with open_manager(
        parent_that(anyio.Event()), agents=AGENTS, settings=Settings(max_concurrent=1)
    ) as manager:
        await manager.spawn("plain", "lead")
        queued = await manager.spawn("plain", "waits")
        child = await manager.spawn("heir", "go", parent=queued)
        assert manager.state.run(child).spec.notes == (NOTHING_YET,)


async def test_what_was_inherited_is_there_also_where_the_run_had_not_begun_when_its_owner_died():
    store, runner = MemoryStore(), ScriptedRunner()
    settings = Settings(max_concurrent=1)
    async with open_manager(
        ScriptedRunner({"busy": [Wait(anyio.Event())]}), store=store, agents=AGENTS, settings=settings
    ) as manager:
        await manager.spawn("plain", "busy")
        run = await manager.spawn("plain", "go", context="what I know")
        await manager.stop(run)
        assert manager.state.run(run).status is RunStatus.STOPPED
    async with open_manager(runner, store=store, agents=AGENTS) as manager:
        await manager.resume(run, "go on")
        await manager.get_result(run, wait=True)
        assert words(list(runner.opened[-1].history))[0] == "what I know"


# --- through the tools


async def call(manager: AgentManager, owner: RunId | None = None, **given: object) -> str:
    return (await AGENT.call(parent_of(manager, owner), given)).text


async def test_the_agent_tool_passes_it_on_and_not_with_resume():
    gate = anyio.Event()
    runner = parent_that(gate)
    async with open_manager(runner, agents=AGENTS) as manager:
        parent = await manager.spawn("plain", "lead")
        await settled()
        await call(manager, parent, prompt="help", subagent_type="plain", inherit_context=True)
        await settled()
        assert words(list(runner.opened[-1].history)) == ["lead", "I look.", "seen"]
        child = manager.list()[0].id
        for more in ({"inherit_context": True}, {"context": "more"}):
            told = await call(manager, parent, prompt="again", resume=child, **more)
            assert "knows what it knew and inherits nothing" in told
        assert "Resumed" in await call(manager, parent, prompt="again", resume=child, inherit_context=False)


async def test_over_mcp_the_client_gives_its_conversation_or_is_told_to():
    async with story(agents=AGENTS) as told:
        client = await told.shaken()
        asked = {"prompt": "go", "subagent_type": "heir"}
        refused = await client.call("Agent", **asked)
        assert refused["isError"]
        assert "give what it should know of it as text in context" in refused["content"][0]["text"]
        given = {**asked, "context": "We fixed retry.py.", "run_in_background": False}
        assert not (await client.call("Agent", **given))["isError"]
        assert words(list(told.runner.opened[-1].history)) == ["We fixed retry.py."]


def test_what_isolation_is_is_said_in_the_same_words_everywhere():
    whole = Place((), 1, 3, LIBRARY)
    texts = (ROOT / "examples" / TEMPLATE).read_text(encoding="utf-8")
    places = {
        "tool schema": str(AgentParams.model_json_schema()["properties"]["isolation"]),
        "README": (ROOT / "README.md").read_text(encoding="utf-8").partition("## Work kept apart")[2],
        "README's table": fields_table(),
        "ejected file": (ROOT / "agents" / "general-purpose.md").read_text(encoding="utf-8"),
        "full": described("Agent", whole).text,
        "compact": described("Agent", replace(whole, mode="compact")).text,
        "template": expanded(texts, values(whole))[0],
    }
    assert [place for place, text in places.items() if ISOLATES not in text] == []
    assert places["template"] == places["full"]


def test_what_it_is_for_is_said_in_the_same_words_everywhere():
    schema = str(AgentParams.model_json_schema()["properties"]["inherit_context"])
    places = {
        "tool schema": schema,
        "README": (ROOT / "README.md").read_text(encoding="utf-8"),
        "README's table": fields_table(),
        "ejected file": (ROOT / "agents" / "general-purpose.md").read_text(encoding="utf-8"),
        "template": (ROOT / "examples" / "agent-tool-description.md").read_text(encoding="utf-8"),
        "full": (ROOT / "src/subagents/delegation/texts/Agent.md").read_text(encoding="utf-8"),
        "compact": (ROOT / "src/subagents/delegation/texts/Agent.compact.md").read_text(encoding="utf-8"),
    }
    assert [place for place, text in places.items() if SEES_HISTORY not in text] == []
