"""`subagents agents`: what people see, what programs get, and what is written."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from inline_snapshot import snapshot
from typer.testing import CliRunner

from subagents.cli.agents.new import Draft, completed, edited, identified, understood
from subagents.cli.agents.seen import answers, columns
from subagents.cli.agents.validate import annotation
from subagents.cli.app import commands
from subagents.cli.asking import Check, anything
from subagents.definitions.model import AgentDefinition, Problem
from subagents.errors import SubagentsError
from subagents.spec import ToolSelection
from subagents.view.columns import table

Call = Callable[..., str]

REVIEWER = "---\ndescription: Reviews a change.\ncapabilities: review, python_testing\n---\nYou review.\n"
DEBUGGER = """\
---
name: debugger
description: Finds why tests fail.
tools: Read, Grep, Bash(git *), WebSearch
maxTurn: 3
---
You debug.
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has no agents yet."""
    folder = tmp_path / "shop"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def agents(shop: Path) -> Path:
    folder = shop / ".subagents" / "agents"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def call(shop: Path, home: Path) -> Call:
    """Both streams of `subagents agents …` and its exit code, with made-up folders for the real ones."""

    def called(*arguments: str, stdin: str | None = None, **environ: str) -> str:
        done = CliRunner().invoke(
            commands, ["agents", *arguments], env=environ, input=stdin, prog_name="subagents"
        )
        said = done.stdout + done.stderr
        if isinstance(done.exception, SubagentsError):
            said += f"Error: {done.exception}\n"
        elif done.exit_code:
            said += f"[{done.exit_code}]\n"
        for made_up, real in (("/srv/shop", shop), ("/srv/home", home)):
            said = said.replace(str(real), made_up)
        return re.sub(r"/[^ ]*/agents/(\w+)\.md \(built in\)", r"\1.md (built in)", said)

    return called


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --- list


def test_agents_are_listed_with_where_they_are_from_and_what_they_answer(
    call: Call, agents: Path, shop: Path
):
    write(agents / "reviewer.md", REVIEWER)
    write(shop / ".claude/agents/debugger.md", DEBUGGER)

    lines = call("list").splitlines()

    assert lines[0] == "NAME             FROM                  MODEL    DESCRIPTION"
    assert "debugger         project, Claude Code  inherit  Finds why tests fail." in lines
    assert "reviewer         project               inherit  Reviews a change." in lines
    assert any(
        re.match(r"json-explorer +built in +inherit  \{files, summary\} Finds", line) for line in lines
    )
    assert lines[-1] == "1 file has problems; `subagents agents validate` names them."


def test_disabled_ones_are_listed_on_demand_and_marked(call: Call, agents: Path):
    write(agents / "reviewer.md", REVIEWER.replace("---\n", "---\nenabled: false\n", 1))

    listed, everything = call("list"), call("list", "--all")

    assert "reviewer" not in listed
    assert listed.endswith("1 disabled one is not listed; --all lists it.\n")
    assert "reviewer         project (disabled)  inherit  Reviews a change.\n" in everything


def test_programs_get_all_of_an_agent(call: Call, agents: Path):
    write(agents / "reviewer.md", REVIEWER + "\n")

    (listed,) = [each for each in json.loads(call("list", "--json")) if each["name"] == "reviewer"]
    shown = json.loads(call("show", "reviewer", "--json"))

    assert listed["capabilities"] == ["review", "python_testing"]
    assert listed["source"]["path"] == "/srv/shop/.subagents/agents/reviewer.md"
    assert "body" not in listed
    assert shown == {**listed, "body": "You review.", "problems": []}


def test_the_packaged_agents_can_be_hidden_and_still_be_ejected(call: Call, agents: Path):
    hidden = {"SUBAGENTS_DISABLE_DEFAULT_AGENTS": "true"}

    assert call("list", **hidden) == "There are no agents here; `subagents agents new` makes one.\n"
    assert call("eject", "Explore", **hidden) == "/srv/shop/.subagents/agents/Explore.md\n"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal_whatever_is_in_it(width: int):
    said = [
        AgentDefinition(name="漢字" * 30, description="x" * 300),
        AgentDefinition(
            name="a\x1b[31m\u202eb", description="line\nbreak\ttab", model="m" * 90, enabled=False
        ),
        *(AgentDefinition(name=f"agent-{n}", description="Does it.") for n in range(200)),
    ]

    lines = table(columns(said, width), width)

    from rich.cells import cell_len

    assert len(lines) == 203
    assert max(map(cell_len, lines)) <= width
    assert "\x1b" not in "".join(lines)


def test_what_it_answers_is_named_by_its_top_level_keys():
    assert answers(None) == ""
    assert answers({"properties": {"a": {}, "b": {}}}) == "{a, b}"
    assert answers({"properties": {str(n): {} for n in range(9)}}) == "{0, 1, 2, 3, 4, 5, …}"
    assert answers({"type": "array"}) == "[…]"
    assert answers({}) == "{…}"


# --- show


def test_show_says_what_the_file_decides_and_what_it_leaves_open(call: Call, agents: Path):
    write(agents / "reviewer.md", REVIEWER.replace("---\n", "---\ntools: none\nmax_turns: 5\nbogus: 1\n", 1))

    said = call("show", "REVIEWER")

    decided, _left_open, rest = said.partition("left open")
    assert decided == snapshot("""\
name                reviewer
from                project
file                /srv/shop/.subagents/agents/reviewer.md
description         Reviews a change.
capabilities        review, python_testing
prompt_mode         replace
tools               none
max_turns           5
""")
    assert "model, thinking, max_seconds" in rest
    assert rest.endswith(
        "\n\nYou review.\n\n/srv/shop/.subagents/agents/reviewer.md:4: there is no key 'bogus'\n"
    )


def test_show_says_where_its_skills_and_its_memory_are(call: Call, agents: Path, shop: Path):
    write(agents / "reviewer.md", REVIEWER.replace("---\n", "---\nskills: [pdf, nope]\nmemory: project\n", 1))
    write(shop / ".claude/skills/pdf/SKILL.md", "Use a library.")

    said = call("show", "reviewer")
    assert "skills              pdf (.claude/skills/pdf/SKILL.md), nope (not found)\n" in said
    assert "memory              project (.subagents/agent-memory/reviewer, empty)\n" in said

    write(shop / ".subagents/agent-memory/reviewer/MEMORY.md", "- one")
    assert "memory              project (.subagents/agent-memory/reviewer)\n" in call("show", "reviewer")


def test_show_of_a_file_that_cannot_be_used_says_why(call: Call, agents: Path):
    write(agents / "reviewer.md", "---\na: [\n---\n")

    said = call("show", "reviewer")

    assert said.startswith("Error: reviewer cannot be used. /srv/shop/.subagents/agents/reviewer.md:")


def test_an_unknown_name_is_answered_with_the_nearest(call: Call, agents: Path):
    for command in ("show", "enable", "disable", "eject", "reset", "delete"):
        assert "Did you mean Explore" in call(command, "Exploer")


# --- match


def test_match_names_the_best_first_with_score_and_reason(call: Call, agents: Path):
    write(agents / "reviewer.md", REVIEWER)

    lines = call("match", "debug", "Python", "tests").splitlines()
    found = json.loads(call("match", "debug Python tests", "--json", "--most", "1"))

    assert lines[0].split() == ["SCORE", "NAME", "REASON"]
    assert lines[1].split(maxsplit=2)[1:] == ["reviewer", "Its capabilities hold python_testing."]
    assert [each["name"] for each in found] == ["reviewer"]
    assert 0.5 < found[0]["score"] < 1
    assert call("match", "-", stdin="debug Python tests").splitlines() == lines


def test_match_of_nothing_says_so(call: Call, agents: Path):
    assert call("match", "xyzzy") == "No agent's name, description or capabilities share a word with that.\n"
    assert json.loads(call("match", "xyzzy", "--json")) == []


# --- validate


def test_validate_counts_the_files_when_nothing_is_wrong(call: Call, agents: Path):
    write(agents / "reviewer.md", REVIEWER)

    assert call("validate") == "1 file, no problems.\n"
    assert call("validate", ".subagents") == "1 file, no problems.\n"
    assert call("validate", ".subagents/agents/reviewer.md") == "1 file, no problems.\n"


def test_validate_prints_every_problem_and_exits_1(call: Call, agents: Path, shop: Path):
    write(agents / "broken.md", "---\na: [\n---\n")
    write(agents / "typo.md", "---\nmax_turn: 3\nmodle: x\n---\n")
    write(shop / ".claude/agents/debugger.md", DEBUGGER)
    write(shop / ".claude/agents/README.md", "Not an agent.")

    *problems, summary, code = call("validate").splitlines()

    assert [problem.split(": ")[0] for problem in problems] == [
        ".claude/agents/debugger.md:4",
        ".claude/agents/debugger.md:4",
        ".claude/agents/debugger.md:5",
        ".subagents/agents/broken.md:2",
        ".subagents/agents/typo.md:2",
        ".subagents/agents/typo.md:3",
    ]
    assert ".subagents/agents/typo.md:2: there is no key 'max_turn'; did you mean `max_turns`?" in problems
    assert (summary, code) == ("6 problems in 3 files.", "[1]")
    assert call("validate", ".claude/agents/debugger.md", ".subagents/agents/typo.md").endswith(
        "5 problems in 2 files.\n[1]\n"
    )
    assert call("validate", ".claude/agents/README.md") == (
        ".claude/agents/README.md has no front matter, so it is no agent.\n0 files, no problems.\n"
    )
    told, _end, _summary = call("validate", "--format", "json").rpartition("]\n")[0].rpartition("\n]\n")
    assert len(json.loads(f"{told}\n]")) == 6


def test_two_files_of_one_name_are_a_problem_of_the_project(call: Call, agents: Path):
    for file in ("a.md", "b.md"):
        write(agents / file, "---\nname: one\n---\nx")

    assert ".subagents/agents/a.md: /srv/shop/.subagents/agents/b.md is also called 'one'" in call("validate")


def test_validate_of_what_is_not_there_is_refused(call: Call, agents: Path):
    assert call("validate", "nope.md") == "Error: There is no file or folder 'nope.md'.\n"


def test_github_gets_annotations_with_its_escapes(call: Call, agents: Path, shop: Path):
    write(agents / "50%, a:b.md", "---\nname: x\nbogus: 1\n---\n")

    said = call("validate", "--format", "github", GITHUB_WORKSPACE=str(shop))

    assert said.splitlines()[0] == (
        "::error file=.subagents/agents/50%25%2C a%3Ab.md,line=3::there is no key 'bogus'"
    )
    assert (
        annotation(Problem("/srv/x.md", None, "one\ntwo % \r")) == "::error file=/srv/x.md::one%0Atwo %25 %0D"
    )


def test_the_hook_for_pre_commit_looks_at_every_tools_files_and_at_no_others():
    (hook,) = yaml.safe_load(Path(__file__, "../../../.pre-commit-hooks.yaml").resolve().read_text())
    meant = re.compile(hook["files"])

    assert (hook["id"], hook["language"]) == ("subagents-validate", "python")
    assert hook["entry"].split() == ["subagents", "agents", "validate"]
    for path in (
        ".subagents/agents/a.md",
        "shop/.claude/agents/b.md",
        ".codex/agents/c.toml",
        ".opencode/agent/d.md",
        ".github/agents/e.agent.md",
    ):
        assert meant.search(path)
    for path in (
        "README.md",
        "agents/a.md",
        ".claude/commands/a.md",
        ".claude/agents/deep/a.md",
        "x.claude/agents/a.md",
    ):
        assert not meant.search(path)


# --- switching, ejecting, deleting


def test_a_built_in_is_ejected_changed_and_reset(call: Call, agents: Path):
    assert call("eject", "explore") == ("/srv/shop/.subagents/agents/Explore.md\n")
    assert (agents / "Explore.md").is_file()
    assert call("eject", "Explore") == (
        "Error: Replace .subagents/agents/Explore.md, for good? Nobody can be asked here; add --force.\n"
    )
    assert call("reset", "Explore") == (
        "Error: Delete .subagents/agents/Explore.md, for good? Nobody can be asked here; add --yes.\n"
    )
    assert call("reset", "Explore", "--yes") == (
        "/srv/shop/.subagents/agents/Explore.md is deleted.\nExplore now comes from Explore.md (built in).\n"
    )
    assert call("reset", "Explore") == "Explore is as it comes with the package.\n"


def test_a_built_in_is_disabled_for_the_project_or_for_the_user(call: Call, agents: Path, home: Path):
    assert "Explore is disabled." in call("disable", "Explore")
    assert "Explore is already disabled in" in call("disable", "Explore")
    assert "Explore" not in call("list").replace("json-explorer", "")
    assert "is deleted" in call("enable", "Explore")
    assert "Explore is disabled." in call("disable", "Explore", "--user")
    assert (home / "subagents/agents/Explore.md").read_text() == "---\nenabled: false\n---\n"
    assert call("reset", "Explore").startswith("/srv/home/subagents/agents/Explore.md is deleted.\n")


def test_what_is_still_disabled_elsewhere_is_said(call: Call, agents: Path, home: Path):
    call("disable", "Explore", "--user")
    write(agents / "Explore.md", "---\nenabled: false\n---\n")

    said = call("enable", "Explore")

    assert said.endswith("Explore is disabled by /srv/home/subagents/agents/Explore.md.\n")


def test_c11_nobody_claims_success_for_a_spelling_that_is_not_edited(call: Call, agents: Path):
    path = write(agents / "reviewer.md", "---\nenabled: FALSE\n---\nx")

    said = call("enable", "reviewer")

    assert said.startswith("Error: reviewer is still disabled: line 2 of")
    assert path.read_text() == "---\nenabled: FALSE\n---\nx"


def test_delete_asks_first_and_says_what_is_in_effect_then(call: Call, agents: Path, shop: Path):
    write(shop / ".claude/agents/debugger.md", DEBUGGER)
    path = write(agents / "debugger.md", "Mine.")

    assert call("delete", "debugger").endswith("Nobody can be asked here; add --yes.\n")
    assert path.exists()
    assert call("delete", "debugger", "--yes") == (
        "/srv/shop/.subagents/agents/debugger.md is deleted.\n"
        "debugger now comes from /srv/shop/.claude/agents/debugger.md (project, Claude Code).\n"
    )
    assert "belongs to another tool" in call("delete", "debugger", "--yes")
    assert "is built in" in call("delete", "Explore", "--yes")


# --- new


def test_new_writes_a_file_and_prints_its_path(call: Call, shop: Path):
    said = call(
        *("new", "reviewer", "-d", "Reviews: a # change", "--tools", "read-only", "--model", "inherit"),
        *("--thinking", "high", "--capabilities", "review, python", "--body", "-"),
        stdin="You review.\nWell.\n",
    )

    assert said == '/srv/shop/.subagents/agents/reviewer.md\nStart it with: subagents run reviewer "…"\n'
    assert (shop / ".subagents/agents/reviewer.md").read_text() == snapshot("""\
---
description: "Reviews: a # change"
capabilities: review, python
tools: read, grep, find, ls
thinking: high
---

You review.
Well.
""")


def test_new_never_replaces_a_file_unless_told_to(call: Call, agents: Path):
    path = write(agents / "reviewer.md", REVIEWER)
    options = ("new", "reviewer", "-d", "x", "--body", "y")

    assert "exists already, and is unchanged. Add --force to replace it." in call(*options)
    assert path.read_text() == REVIEWER
    assert call(*options, "--force").startswith("/srv/shop/.subagents/agents/reviewer.md\n")
    assert path.read_text() == "---\ndescription: x\n---\n\ny\n"


def test_new_says_when_another_file_stands_in_front(call: Call, agents: Path, home: Path):
    write(agents / "reviewer.md", REVIEWER)

    said = call("new", "reviewer", "-d", "x", "--body", "y", "--user")

    assert said.startswith("/srv/home/subagents/agents/reviewer.md\n")
    assert "reviewer now comes from /srv/shop/.subagents/agents/reviewer.md." in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "An agent needs a name: subagents agents new NAME."),
        (("x",), "Say when to use it with --description; models choose by that."),
        (("x", "-d", "y"), "Say what it is told with --body TEXT, --body - or --from FILE."),
        (("a:b", "-d", "y", "--body", "z"), "without a colon"),
    ],
)
def test_new_says_what_is_missing_where_nobody_can_be_asked(
    call: Call, shop: Path, options: Sequence[str], said: str
):
    assert said in call("new", *options)
    assert not (shop / ".subagents").exists()


def test_new_names_tools_that_there_are_not(call: Call, shop: Path):
    said = call("new", "x", "-d", "y", "--body", "z", "--tools", "raed")

    assert "names 'raed', and there is no such tool; did you mean `read`?" in said


class Answering:
    """A person at a terminal who gives these answers, in this order; a number chooses."""

    def __init__(self, *answers: str | int) -> None:
        self.answers: Iterator[str | int] = iter(answers)
        self.asked: list[str] = []

    def one_of(self, question: str, choices: Sequence[str], preferred: int = 0) -> int:
        self.asked.append(question)
        answer = next(self.answers)
        assert isinstance(answer, int)
        assert answer < len(choices)
        return answer

    def line(self, question: str, preferred: str = "", check: Check = anything) -> str:
        self.asked.append(question)
        answer = next(self.answers)
        assert isinstance(answer, str)
        while check(answer):
            answer = str(next(self.answers))
        return answer

    def secret(self, question: str) -> str:
        raise AssertionError("nothing here is secret")

    def tell(self, text: str) -> None:
        self.asked.append(text)


def test_at_a_terminal_all_is_asked_for():
    person = Answering("a:b", "", "critic", 1, "Judges: plays", 3, "read, grep", 4, "ollama:x", 5)

    draft, for_user = identified(Draft(), person, for_user=False)
    agent = understood(Draft(**{**vars(completed(draft, person)), "body": "Judge."}))

    assert for_user
    assert (agent.name, agent.description) == ("critic", "Judges: plays")
    assert agent.tools == ToolSelection(("read", "grep"))
    assert (agent.model, agent.thinking, agent.body) == ("ollama:x", "high", "Judge.")
    assert next(person.answers, None) is None


def test_at_a_terminal_what_options_say_is_not_asked_again():
    person = Answering("Judges plays")

    draft, for_user = identified(Draft("critic", tools="none"), person, for_user=False)

    assert not for_user
    assert completed(draft, person) == Draft("critic", "Judges plays", "none")
    assert len(person.asked) == 1


@pytest.fixture
def drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an editor is given lies in the test's own folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.usefixtures("drafts")
def test_the_prompt_is_written_in_an_editor(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VISUAL", "sed -i.old s/You/They/")
    with edited("You judge.") as text:
        assert text == "They judge."


@pytest.mark.usefixtures("drafts")
def test_what_was_written_in_an_editor_is_kept_when_it_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("VISUAL", "sed -i.old s/You/They/")
    with pytest.raises(SubagentsError), edited("You judge."):
        raise SubagentsError("no room")
    kept = re.fullmatch(r"Your text is kept in (.+)\.\n", capsys.readouterr().err)
    assert kept is not None
    assert Path(kept[1]).read_text() == "They judge."


@pytest.mark.usefixtures("drafts")
def test_an_editor_that_does_not_work_is_told(monkeypatch: pytest.MonkeyPatch):
    for command in ("false", "no-such-editor-here", "'unclosed"):
        monkeypatch.setenv("VISUAL", command)
        with pytest.raises(SubagentsError, match="set EDITOR"), edited("You judge."):
            pass


# --- import


def test_another_tools_agents_become_our_own_and_what_is_lost_is_said(call: Call, shop: Path, home: Path):
    write(shop / ".claude/agents/debugger.md", DEBUGGER)
    write(shop / ".claude/agents/broken.md", "---\na: [\n---\n")
    write(home / ".claude/agents/mine.md", "---\nname: mine\ndescription: Mine.\n---\nMine.")

    planned, said = call("import", "claude", "--dry-run"), call("import", "claude")

    lines = [re.sub(r"^(  line \d+): .*", r"\1", line) for line in said.splitlines()]
    assert lines == [
        ".claude/agents/broken.md is left out: it cannot be read",
        "  line 2",
        ".subagents/agents/debugger.md  from .claude/agents/debugger.md",
        "  line 4",
        "  line 4",
        "  line 5",
        "/srv/home/subagents/agents/mine.md  from /srv/home/.claude/agents/mine.md",
        "2 agents imported, 1 left out.",
        "[1]",
    ]
    assert "  line 5: there is no key 'maxTurn'; did you mean `max_turns`?\n" in said
    assert planned == said.replace("agents imported", "agents would be imported")
    assert (shop / ".subagents/agents/debugger.md").read_text() == snapshot("""\
---
description: Finds why tests fail.
tools: read, grep
disallowed_tools: bash
extensions: false
---

You debug.
""")
    assert (shop / ".claude/agents/debugger.md").read_text() == DEBUGGER


def test_import_never_replaces_unless_told_to_and_never_what_it_just_made(
    call: Call, agents: Path, shop: Path
):
    write(shop / ".claude/agents/debugger.md", DEBUGGER)
    write(shop / ".gemini/agents/debugger.md", "---\nname: debugger\ndescription: Other.\n---\nOther.")
    path = write(agents / "debugger.md", "Mine.")

    assert ".subagents/agents/debugger.md exists already; --force replaces it" in call("import", "claude")
    assert path.read_text() == "Mine."
    said = call("import", "claude", "gemini", "--force")
    assert (
        ".gemini/agents/debugger.md is left out: .subagents/agents/debugger.md was just made of "
        ".claude/agents/debugger.md\n1 agent imported, 1 left out.\n[1]\n"
    ) in said
    assert "You debug." in path.read_text()


def test_one_agent_is_imported_by_name_or_by_path(call: Call, shop: Path, tmp_path: Path):
    write(shop / ".claude/agents/debugger.md", DEBUGGER)
    codex = 'name = "planner"\ndescription = "Plans."\ndeveloper_instructions = "Plan."\n'
    write(tmp_path / "elsewhere/planner.toml", codex)

    said = call("import", "debugger", "--user")
    assert said.startswith("/srv/home/subagents/agents/debugger.md  from .claude/agents/debugger.md\n")
    assert said.endswith("debugger still comes from .claude/agents/debugger.md, which is before it.\n")
    assert ".subagents/agents/planner.md  from ../elsewhere/planner.toml\n" in call(
        "import", "../elsewhere/planner.toml"
    )
    assert ".subagents/agents/debugger.md  from .claude/agents/debugger.md\n" in call("import", "debugger")
    assert "debugger.md is left out: it is of our own format already" in call("import", "debugger")


def test_import_of_what_is_not_there_names_what_there_is(call: Call, shop: Path):
    assert call("import", "codex").startswith("Error: There are no agents of codex in .codex/agents, ")
    said = call("import", "nobody")
    assert said.startswith("Error: There is no agent 'nobody'.")
    assert said.endswith("or one of the tools claude, codex, gemini, opencode, pi, agents, copilot.\n")
    assert "There is no file or folder 'nobody.md'" in call("import", "./nobody.md")


# --- help


def help_of(*arguments: str) -> str:
    """What `--help` prints, 100 cells wide."""
    done = CliRunner().invoke(
        commands, ["agents", *arguments, "--help"], prog_name="subagents", terminal_width=100
    )
    assert done.exit_code == 0
    return done.stdout


def test_help():
    assert help_of() == snapshot("""\
Usage: subagents agents [OPTIONS] COMMAND [ARGS]...

  List, check and change the agents there are.

  They come with the package, from your own folder, and from this project; those of Claude Code,
  Codex, Gemini CLI, opencode, pi and Copilot count too. Whatever is nearer to the project replaces
  what is further away.

Options:
  -h, --help  Show this message and exit.

Commands:
  list      List the agents there are.
  show      Show what an agent's file says, what is wrong with it, and its prompt.
  match     Say which agents fit a task, the best first, with a score from 0 to 1 and the reason.
  validate  Look through definition files for problems, and print every one.
  new       Make an agent: write its file, and print the path.
  import    Make files of your own out of other tools' agents.
  eject     Write a built-in agent's file into the project, to be changed there.
  enable    Switch an agent on again: the line `enabled: false` is deleted, and the rest of its file
            stays as it is.
  disable   Switch an agent off, so that nobody can start it, and leave the rest of its file as it
            is.
  reset     Delete the file that stands in for a built-in agent.
  delete    Delete an agent's file.
""")
    assert help_of("new") == snapshot("""\
Usage: subagents agents new [NAME] [OPTIONS]

  Make an agent: write its file, and print the path.

  At a terminal what is missing is asked for, and the prompt is written in your editor ($VISUAL or
  $EDITOR). Elsewhere NAME, --description and a prompt are needed.

  Examples:

    subagents agents new
    subagents agents new reviewer -d "Reviews a change." --tools read-only --from reviewer.txt
    echo "Find dead code." | subagents agents new undertaker -d "Finds dead code." --body -
    subagents agents new --generate "judges a change by how hard it is to undo"

Options:
  -d, --description TEXT  When to use it; models choose by this.
  --tools TOOLS           all, none, read-only, or a list: read, grep, bash.
  --model MODEL           What answers; without it, what its parent has.
  --thinking LEVEL        How hard it thinks: off, minimal, low, medium, high, xhigh, max.
  --capabilities WORDS    What it can do, with commas, for `agents match`.
  --body TEXT             Its prompt; - reads it from standard input.
  --from FILE             A file with its prompt.
  --generate TEXT         What it is to do; an agent writes the definition.
  --user                  In your own folder, for all projects, not in the project's.
  -f, --force             Replace a file that is there already.
  -h, --help              Show this message and exit.
""")


@pytest.mark.parametrize(
    "command",
    ["list", "show", "match", "validate", "new", "import", "eject", "enable", "disable", "reset", "delete"],
)
def test_every_command_says_what_it_does(command: str):
    usage, _blank, first, *_rest = help_of(command).splitlines()
    assert usage.startswith(f"Usage: subagents agents {command}")
    assert first.strip()
