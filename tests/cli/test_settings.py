"""`subagents settings`: what people see and what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner

from subagents.cli.app import commands
from subagents.errors import SubagentsError
from subagents.settings.files import user_file
from subagents.settings.model import declared

Call = Callable[..., str]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def call(shop: Path, home: Path) -> Call:
    """Both streams of `subagents settings …` and its exit code, with made-up folders for the real ones."""

    def called(*arguments: str, **environ: str) -> str:
        done = CliRunner().invoke(commands, ["settings", *arguments], env=environ, prog_name="subagents")
        said = done.stdout + done.stderr
        if isinstance(done.exception, SubagentsError):
            said += f"Error: {done.exception}\n"
        elif done.exit_code:
            said += f"[{done.exit_code}]\n"
        for made_up, real in (("/srv/shop", shop), ("/srv/home", home / "subagents")):
            said = said.replace(str(real), made_up)
        return said

    return called


def test_without_a_command_all_are_listed(call: Call, shop: Path):
    user_file().write_text('model = "anthropic:claude-x"\ntree_mode = "compact"\n', encoding="utf-8")
    (shop / ".subagents").mkdir()
    (shop / ".subagents/settings.toml").write_text("max_depth = 2\nbogus = 1\n", encoding="utf-8")

    said = call(SUBAGENTS_GRACE_TURNS="7")

    assert said == call("list", SUBAGENTS_GRACE_TURNS="7")
    lines = said.splitlines()
    changed = [line for line in lines if "default" not in line.split()]
    assert changed == snapshot(
        [
            "NAME                         VALUE                               SET BY       MEANS",
            "grace_turns                  7                                   environment  Turns to finish in",
            "max_depth                    2                                   project      Depth of nesting",
            "model                        anthropic:claude-x                  user         Model",
            "tree_mode                    compact                             user         Tree of agents",
            "* has no effect yet.",
            "/srv/shop/.subagents/settings.toml:2: there is no setting 'bogus'",
        ]
    )
    assert len(lines) == len(declared()) + 3


def test_nothing_is_made_by_looking(call: Call, shop: Path):
    for arguments in ([], ["get", "model"], ["path"], ["list", "--json"]):
        call(*arguments)
    assert [path.name for path in shop.iterdir()] == [".git"]
    assert not user_file().exists()


def test_json_says_all_of_each(call: Call):
    call("set", "max_depth", "2")
    said = json.loads(call("list", "--json", SUBAGENTS_MAX_CHILDREN="none"))
    by_name = {each["name"]: each for each in said["settings"]}
    assert len(by_name) == len(declared())
    assert (
        by_name["max_depth"]
        == json.loads(call("get", "max_depth", "--json"))
        == snapshot(
            {
                "name": "max_depth",
                "value": 2,
                "set_by": "project",
                "where": "/srv/shop/.subagents/settings.toml",
                "default": 4,
                "title": "Depth of nesting",
                "help": (
                    "How deep agents may start agents: an agent you start is at depth 1, the one it "
                    "starts at depth 2."
                ),
                "wanted": "a whole number from 0 to 16",
                "variable": "SUBAGENTS_MAX_DEPTH",
                "later": False,
            }
        )
    )
    assert said["problems"] == snapshot(
        ["SUBAGENTS_MAX_CHILDREN: must be a whole number from 1 to 1024, not 'none'"]
    )


def test_a_value_is_set_read_and_taken_out_again(call: Call, shop: Path):
    told = [
        call("set", "max_concurrent", "6"),
        call("get", "max_concurrent"),
        call("set", "--user", "max_concurrent", "7"),
        call("get", "max_concurrent"),
        call("unset", "max_concurrent"),
        call("get", "max_concurrent"),
        call("unset", "max_concurrent", "--user"),
        call("unset", "max_concurrent"),
        call("get", "model"),
    ]
    assert told == snapshot(
        [
            "max_concurrent is 6 in /srv/shop/.subagents/settings.toml\n",
            "6\n",
            """\
max_concurrent is 7 in /srv/home/settings.toml
But /srv/shop/.subagents/settings.toml goes before it: it is 6 here.
""",
            "6\n",
            """\
max_concurrent is no longer set in /srv/shop/.subagents/settings.toml
It is 7 here now (user).
""",
            "7\n",
            """\
max_concurrent is no longer set in /srv/home/settings.toml
It is 4 here now (default).
""",
            "Error: max_concurrent is not set in /srv/shop/.subagents/settings.toml.\n",
            "model is not set.\n",
        ]
    )


def test_it_is_written_where_it_belongs(
    call: Call, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told = [call("set", "max_depth", "2"), call("set", "session_max_age_days", "3")]
    monkeypatch.chdir(tmp_path)  # no project
    told += [call("set", "max_depth", "3"), call("path", "--user"), call("path")]
    assert [text.replace(str(tmp_path), "/srv") for text in told] == snapshot(
        [
            "max_depth is 2 in /srv/shop/.subagents/settings.toml\n",
            "session_max_age_days is 3 in /srv/home/settings.toml\n",
            "max_depth is 3 in /srv/home/settings.toml\n",
            "/srv/home/settings.toml\n",
            """\
user     /srv/home/settings.toml
project  /srv/.subagents/settings.toml  (none yet)
""",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("set", "max_concurent", "3"),
            snapshot("Error: There is no setting 'max_concurent'; did you mean max_concurrent?\n"),
        ),
        (
            ("set", "max_concurrent", "0"),
            snapshot("Error: max_concurrent must be a whole number from 1 to 1024, not 0.\n"),
        ),
        (
            ("set", "max_concurrent", "-5"),
            snapshot("Error: max_concurrent must be a whole number from 1 to 1024, not -5.\n"),
        ),
        (
            ("set", "max_concurrent", "many"),
            snapshot("Error: max_concurrent must be a whole number from 1 to 1024, not 'many'.\n"),
        ),
        (
            ("set", "tree_mode", "Rich"),
            snapshot("Error: tree_mode must be one of auto, rich, compact, not 'Rich'.\n"),
        ),
        (
            ("set", "enabled_models", "[1]"),
            snapshot("Error: enabled_models must be a list of texts, not [1].\n"),
        ),
        (
            ("set", "enabled_models", '["a/b"'),
            snapshot('Error: enabled_models must be a list of texts, not ["a/b".\n'),
        ),
        (("set", "model", "a\x1b[2Jb"), snapshot("Error: model must be a line of text, not 'a\\x1b[2Jb'.\n")),
        (
            ("set", "default_max_turns", "0"),
            snapshot(
                "Error: default_max_turns: a project can only be stricter than 100; your own "
                "settings decide that (--user).\n"
            ),
        ),
        (
            ("set", "--project", "session_max_age_days", "3"),
            snapshot("Error: session_max_age_days: only your own settings can set it (--user).\n"),
        ),
        (
            ("set", "model", "script:x.yaml"),
            snapshot("Error: model: a project cannot have a script answer; name one with --model.\n"),
        ),
        (("get", "maxDepth"), snapshot("Error: There is no setting 'maxDepth'; did you mean max_depth?\n")),
        (("unset", "model"), snapshot("Error: model is not set in /srv/shop/.subagents/settings.toml.\n")),
        (
            ("unset", "mdel"),
            snapshot(
                "Error: mdel is not set in /srv/shop/.subagents/settings.toml. There is no "
                "setting 'mdel'; did you mean model?\n"
            ),
        ),
        (
            ("import", "none.json"),
            snapshot("Error: /srv/shop/none.json cannot be imported: No such file or directory.\n"),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_refused_and_nothing_written(
    call: Call, shop: Path, arguments: tuple[str, ...], said: str
):
    assert call(*arguments) == said
    assert not (shop / ".subagents").exists()
    assert not user_file().exists()


def test_two_files_at_once_are_refused(call: Call):
    assert "--user and --project name two files; choose one." in call("unset", "model", "--user", "--project")


@pytest.mark.parametrize("text", ["a/b, c/d", '["a/b", "c/d"]'])
def test_a_list_is_written_either_way(call: Call, shop: Path, text: str):
    assert call("set", "enabled_models", text) == (
        "enabled_models is 'a/b, c/d' in /srv/shop/.subagents/settings.toml\n"
    )
    assert call("get", "enabled_models") == "a/b, c/d\n"


def test_one_is_told_when_it_changes_nothing_here(call: Call):
    assert call("set", "fleet_view", "false") == snapshot("""\
fleet_view is false in /srv/shop/.subagents/settings.toml
It has no effect yet.
""")
    assert call("set", "max_depth", "2", SUBAGENTS_MAX_DEPTH="3") == snapshot("""\
max_depth is 2 in /srv/shop/.subagents/settings.toml
But SUBAGENTS_MAX_DEPTH goes before it: it is 3 here.
""")
    assert call("set", "--user", "max_depth", "1") == snapshot("max_depth is 1 in /srv/home/settings.toml\n")


def test_a_key_that_is_none_of_ours_can_be_taken_out(call: Call, shop: Path):
    user_file().write_text("maxDepth = 1 # was it so?\nmax_depth = 2\n", encoding="utf-8")
    assert call("unset", "maxDepth", "--user") == "maxDepth is no longer set in /srv/home/settings.toml\n"
    assert user_file().read_text(encoding="utf-8") == "max_depth = 2\n"


def test_settings_of_pi_are_taken_over(call: Call, shop: Path):
    user_file().write_text("grace_turns = 5\nmax_children = 3\nmodel_retries = 1\n", encoding="utf-8")
    theirs = {
        "maxConcurrent": 6,
        "graceTurns": 5,
        "maxChildren": 4,
        "widgetDisplayMode": "compact",
        "fallbackSubagent": False,
        "waitTimeoutSeconds": "60",
        "herdrReportWorking": True,
        "un\x1b[2Jknown": 1,
    }
    (shop / "subagents.json").write_text(json.dumps(theirs), encoding="utf-8")
    before = user_file().read_text(encoding="utf-8")

    assert call("import", "subagents.json", "--user", "--dry-run") == snapshot("""\
KEY                 SETTING               OUTCOME
maxConcurrent       max_concurrent        6
graceTurns          grace_turns           is that already
maxChildren         max_children          is set already; --force replaces it
widgetDisplayMode   tree_mode             'compact'
fallbackSubagent    fallback_subagent     'none'
waitTimeoutSeconds  wait_timeout_seconds  must be a whole number from 30 to 3600, not '60'
herdrReportWorking  –                     nothing is reported to a terminal multiplexer here
un [2Jknown         –                     there is no such setting here
3 settings would be set in /srv/home/settings.toml.
""")
    assert user_file().read_text(encoding="utf-8") == before
    call("import", "subagents.json", "--user")
    assert user_file().read_text(encoding="utf-8") == snapshot("""\
grace_turns = 5
max_children = 3
model_retries = 1
max_concurrent = 6
tree_mode = "compact"
fallback_subagent = "none"
""")
    call("import", "subagents.json", "--user", "--force")
    assert call("get", "max_children") == "4\n"


def test_a_project_takes_over_nothing_that_loosens(call: Call, shop: Path):
    (shop / "subagents.json").write_text('{"defaultMaxTurns": 0, "graceTurns": 2}', encoding="utf-8")
    assert call("import", "subagents.json") == snapshot("""\
KEY              SETTING            OUTCOME
defaultMaxTurns  default_max_turns  a project can only be stricter than 100; your own settings decide that
graceTurns       grace_turns        2
1 setting set in /srv/shop/.subagents/settings.toml.
""")


def test_a_file_that_cannot_be_read_is_told_and_not_overwritten(call: Call, shop: Path):
    (shop / ".subagents").mkdir()
    file = shop / ".subagents/settings.toml"
    file.write_text("a = \n", encoding="utf-8")
    assert call("get", "model") == snapshot("""\
model is not set.
/srv/shop/.subagents/settings.toml:1: the file is ignored: it is not TOML: invalid value
""")
    assert call("set", "max_depth", "2") == snapshot(
        "Error: /srv/shop/.subagents/settings.toml:1: it is not TOML: invalid value. "
        "Put that right first; nothing was changed.\n"
    )
    assert call("unset", "a") == snapshot(
        "Error: /srv/shop/.subagents/settings.toml:1: it is not TOML: invalid value. "
        "Put that right first; nothing was changed.\n"
    )
    assert file.read_text(encoding="utf-8") == "a = \n"


def test_an_agent_s_command_does_not_change_the_user_s_own(call: Call):
    said = call("set", "--user", "default_max_turns", "0", SUBAGENTS_RUN="k3j5x9aq")
    assert said == snapshot(
        "Error: An agent's command cannot change your own settings; that is for the person who started it.\n"
    )
    assert not user_file().exists()


@pytest.mark.parametrize("arguments", [(), ("set",), ("import",)], ids=" ".join)
def test_help_reads_like_prose(arguments: tuple[str, ...]):
    done = CliRunner().invoke(
        commands, ["settings", *arguments, "--help"], prog_name="subagents", terminal_width=100
    )
    assert HELP[arguments] == done.stdout


HELP = {
    (): snapshot("""\
Usage: subagents settings [OPTIONS] COMMAND [ARGS]...

  List settings and change them.

  What is set on the command line goes before the environment (SUBAGENTS_MODEL and so on), that
  before the project's file .subagents/settings.toml, that before your own file, and that before the
  default. Without a command, lists all.

    subagents settings set model anthropic:claude-sonnet-4-5 --user
    subagents settings set max_concurrent 8
    subagents settings get max_concurrent

Options:
  -h, --help  Show this message and exit.

Commands:
  list    List all settings and where they are set.
  get     Print the value that a setting has here, and nothing else.
  set     Set a value.
  unset   Take a value out of a file; what is set elsewhere, or the default, counts again.
  path    Print where the files are.
  import  Take over the settings of pi-subagents.
"""),
    ("set",): snapshot("""\
Usage: subagents settings set NAME VALUE [--user | --project]

  Set a value.

  It is written to the project's file inside of a project, else to your own. A list is written a,b,c
  or as in TOML. What the project's file says comes to everybody with the repository, so it can be
  stricter than your limits, but not looser, and it cannot set where keys are sent or how long your
  sessions are kept.

Options:
  --user      In your own file, for all projects.
  --project   In the project's file, for all who work on it.
  -h, --help  Show this message and exit.
"""),
    ("import",): snapshot("""\
Usage: subagents settings import FILE [OPTIONS]

  Take over the settings of pi-subagents.

  FILE is its subagents.json. What has another name here is renamed, what has no meaning here is
  told, and what is set already stays as it is.

Options:
  --user      In your own file, for all projects.
  --project   In the project's file, for all who work on it.
  --force     Replace what is set already.
  --dry-run   Only say what would be set.
  -h, --help  Show this message and exit.
"""),
}
