"""Programs as agents, from a terminal: trusted, run, looked at, stopped, gone on with, and left behind by a crash."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.doors.conftest import Call, Start
from tests.runners.playing import HELLO, PROGRAM, TABLE, do, say

from subagents.workspaces.processes.groups import members

FRAMES = Path(__file__).parents[1] / "runners" / "frames"

Parrot = Callable[..., Path]


@pytest.fixture
def parrot(project: Path) -> Parrot:
    """Writes the definition of a program that plays these steps, and on `resume` those others."""

    def write(
        *steps: Mapping[str, object], resume: tuple[Mapping[str, object], ...] = (), scope: str = ""
    ) -> Path:
        line = ["-I", "-S", str(PROGRAM)]
        runner = {
            "command": [sys.executable, *line, _script(project, "first", steps), "--model", "{model}"],
            "resume": [sys.executable, *line, _script(project, "again", resume), "--resume", "{session}"],
            "output": TABLE,
        }
        folder = Path(os.environ["SUBAGENTS_HOME"]) if scope == "user" else project / ".subagents"
        place = folder / "agents" / "parrot.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        # JSON is YAML.
        front = f"description: Repeats.\nrunner: {json.dumps(runner)}"
        place.write_text(f"---\n{front}\n---\nRepeat.\n", encoding="utf-8")
        return place

    return write


def _script(folder: Path, name: str, steps: tuple[Mapping[str, object], ...]) -> str:
    place = folder / f"{name}.json"
    place.write_text(json.dumps(steps), encoding="utf-8")
    return str(place)


def tool(result: str) -> dict[str, object]:
    return do("tool", {"name": "look", "arguments": {"path": "src"}, "result": result, "ok": True})


def test_an_answer_that_is_too_long_to_be_kept_is_said_wherever_it_is_told(call: Call, project: Path):
    runner = {"command": [sys.executable, "-c", "print('x' * 3_000_000)"]}
    (project / ".subagents/agents/chatty.md").write_text(
        f"---\ndescription: Talks.\nrunner: {json.dumps(runner)}\n---\nTalk.\n", encoding="utf-8"
    )
    done = call("run", "--trust", "chatty", "go", "--quiet")
    assert "[… 2,000,001 characters left out …]" in done.out
    assert "its answer is too long, and 2,000,001 characters of its middle are left out" in done.err
    told = json.loads(call("result", "chatty", "--json").out)
    assert (told["status"], told["left_out"]) == ("completed", 2_000_001)
    assert "2,000,001 characters of its middle are left out" in told["notes"][-1]
    assert "its answer is too long" in call("show", "chatty").out


def test_a_program_that_a_project_names_runs_only_when_its_file_is_trusted_as_it_is(
    parrot: Parrot, call: Call
):
    file = parrot(say("text", "hello"))
    refused = call("run", "parrot", "go")
    assert (refused.code, refused.out) == (2, "")
    assert (
        f"you have not trusted this file as it is now. Read it, then: subagents trust {file}" in refused.err
    )

    assert call("run", "--trust", "parrot", "go").out == "hello\n"
    assert call("run", "parrot", "go").code == 2

    trusted = call("trust", "parrot")
    assert trusted.out == f"trusted {file}\n"
    shown = trusted.err.splitlines()
    assert shown[0] == str(file)
    assert shown[1].startswith(f"  runs: {sys.executable} -I -S")
    assert shown[2].endswith("--resume '{session}'")
    assert shown[3] == f"  for runs in: {file.parents[2]}"
    assert shown[-1].startswith('  its output is read as: {"rules": [')
    assert call("run", "parrot", "go").out == "hello\n"

    file.write_text(file.read_text(encoding="utf-8") + "Louder.\n", encoding="utf-8")
    assert call("run", "parrot", "go").code == 2
    assert call("trust").out == f"{file} (has changed or is gone)\n"
    assert call("trust", "--revoke", "parrot").out == f"{file} is no longer trusted\n"
    assert call("trust", "--list").out == "No file is trusted yet.\n"


def test_the_list_of_trusted_files_is_the_users_alone(parrot: Parrot, call: Call):
    parrot()
    call("trust", "parrot")
    place = Path(os.environ.get("SUBAGENTS_STATE") or Path.home() / ".local/state/subagents") / "trusted.json"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_an_agent_cannot_give_trust(parrot: Parrot, call: Call):
    parrot(say("text", "hello"))
    inside = {"SUBAGENTS_RUN": "aaaaaaaa", "SUBAGENTS_TREE": "aaaaaaaa", "SUBAGENTS_DEPTH": "1"}
    refused = call("trust", "parrot", **inside)
    assert refused.code == 2
    assert "An agent's command cannot trust files" in refused.err
    assert call("run", "--trust", "parrot", "go", **inside).code == 2


def test_what_cannot_be_trusted_is_said(call: Call):
    assert "There is no file 'nobody'. There is no agent 'nobody'." in call("trust", "nobody").err
    assert call("trust", "--revoke").code == 2


def test_a_definition_of_ones_own_needs_no_trust_and_its_run_is_like_any_other(
    parrot: Parrot, call: Call, runs: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SUBAGENTS_HOME", str(Path.home() / "mine"))
    used: dict[str, Any] = {"in": 1000, "out": 20, "usd": 0.25}
    parrot(
        HELLO, say("text", "I look."), tool("a.py"), say("used", **used), say("text", "There."), scope="user"
    )
    done = call("run", "parrot", "where?")
    assert (done.code, done.out) == (0, "There.\n")
    assert "parrot runs" in done.err
    log = call("log", "parrot").out.splitlines()
    assert [line.split("  ")[-1].strip() for line in log if line][-4:] == [
        "I look.",
        "▸ look src",
        "a.py",
        "There.",
    ]
    (run,) = runs()
    assert (run["status"], run["turns"]) == ("completed", 2)
    assert call("result", "parrot").out == "There.\n"


def test_a_failure_has_its_reason_and_keeps_what_was_said(parrot: Parrot, call: Call):
    parrot(say("piece", "half an answer"), do("errors", "log in first"), do("exit", 7))
    done = call("run", "--trust", "parrot", "go")
    assert done.code == 1
    assert "ended with exit code 7: log in first" in done.err
    assert "half an answer" in done.out + done.err


def test_it_is_gone_on_with_in_another_process(parrot: Parrot, call: Call):
    parrot(HELLO, say("text", "one"), resume=(do("echo"),))
    assert call("run", "--trust", "parrot", "first").out == "one\n"
    told = json.loads(call("resume", "--trust", "parrot", "second").out)
    assert (told["arguments"], told["stdin"]) == (["--resume", "s-1"], "second")


def test_it_is_gone_on_with_only_while_its_file_is_trusted_as_it_was(parrot: Parrot, call: Call):
    file = parrot(HELLO, say("text", "one"), resume=(say("text", "two"),))
    assert call("run", "--trust", "parrot", "first").code == 0
    refused = call("resume", "parrot", "second")
    assert (refused.code, refused.out) == (2, "")
    assert "you do not trust this file, or it has changed since" in refused.err
    assert "subagents resume --trust " in refused.err

    call("trust", "parrot")
    assert call("resume", "parrot", "second").out == "two\n"
    file.write_text(file.read_text(encoding="utf-8") + "Louder.\n", encoding="utf-8")
    assert call("resume", "parrot", "third").code == 2
    call("trust", "--revoke", "parrot")
    assert call("resume", "parrot", "third").code == 2
    inside = {"SUBAGENTS_RUN": "aaaaaaaa", "SUBAGENTS_TREE": "aaaaaaaa", "SUBAGENTS_DEPTH": "1"}
    assert call("resume", "--trust", "parrot", "third", **inside).code == 2
    file.unlink()
    assert call("resume", "parrot", "third").code == 2
    assert call("resume", "--trust", "parrot", "third").out == "two\n"


def test_trust_in_a_project_is_none_for_another_that_links_to_its_agents(
    parrot: Parrot, call: Call, project: Path, tmp_path: Path
):
    file = parrot(say("text", "hello"))
    call("trust", "parrot")
    other = tmp_path / "other"
    (other / ".subagents").mkdir(parents=True)
    (other / ".subagents" / "agents").symlink_to(file.parent)
    assert call("run", "--cwd", str(other), "parrot", "go").code == 2
    assert call("run", "parrot", "go").code == 0


def test_what_is_trusted_for_once_is_named_in_full(parrot: Parrot, call: Call):
    parrot(say("text", "hello"))
    assert f"parrot runs {sys.executable} -I -S {PROGRAM}" in call("run", "--trust", "parrot", "go").err


def test_the_model_is_passed_on_only_when_it_was_meant_for_the_program(parrot: Parrot, call: Call):
    parrot(do("echo"))
    told = json.loads(call("run", "--trust", "parrot", "go", SUBAGENTS_MODEL="offline").out)
    assert told["arguments"] == []
    told = json.loads(call("run", "--trust", "--model", "opus", "parrot", "go").out)
    assert told["arguments"] == ["--model", "opus"]


def test_it_is_stopped_from_another_process(parrot: Parrot, start: Start, call: Call):
    parrot(say("text", "I look."), tool("a.py"), do("hang"))
    running = start("run", "--trust", "parrot", "go")
    running.says("▸ look")
    assert call("stop", "parrot").code == 0
    assert running.ends().code == 3


def test_a_program_that_does_not_heed_its_limit_of_turns_is_ended(parrot: Parrot, call: Call):
    parrot(*(tool("a.py") for _ in range(10)), do("hang"))
    done = call("run", "--trust", "--max-turns", "1", "parrot", "go")
    assert done.code == 3
    assert "turns, which was its limit" in done.err


def test_a_program_that_ends_in_time_has_wrapped_up(
    parrot: Parrot, call: Call, runs: Callable[[], list[dict[str, Any]]]
):
    parrot(tool("a.py"), tool("b.py"), say("text", "There."))
    done = call("run", "--trust", "--json", "--max-turns", "1", "parrot", "go")
    told = json.loads(done.out)
    assert (done.code, told["text"], told["wrapped_up"]) == (0, "There.", True)


def test_a_program_whose_owner_was_killed_is_ended_by_whoever_comes_next(
    parrot: Parrot, start: Start, call: Call, runs: Callable[[], list[dict[str, Any]]], project: Path
):
    pid = project / "pid"
    parrot(do("pid", str(pid)), say("text", "I look."), tool("a.py"), do("hang"))
    running = start("run", "--trust", "parrot", "go")
    running.says("▸ look")
    leader = os.getsid(int(pid.read_text(encoding="utf-8")))
    running.send(signal.SIGKILL)
    running.ends()
    assert members(leader)
    call("run", "answerer", "hello", "--model=offline")
    assert members(leader) == []
    assert {run["status"] for run in runs() if run["agent"] == "parrot"} == {"interrupted"}


def test_what_says_how_it_is_prompted_goes_with_its_session(parrot: Parrot, call: Call, tmp_path: Path):
    parrot(do("echo"))
    done = call("run", "--trust", "parrot", "go", TMPDIR=str(tmp_path))
    assert done.code == 0
    assert not list(tmp_path.glob("subagents-*"))


def test_a_program_in_the_working_folder_is_not_found_by_its_name(project: Path, call: Call):
    claude = project / "claude"
    claude.write_text("#!/bin/sh\necho hello\n", encoding="utf-8")
    claude.chmod(0o755)
    for path in (".", "", "tools/..", ".:/nowhere"):
        done = call("run", "claude-code", "hello", PATH=path)
        assert "which is not installed here" in done.err


def test_a_packaged_agent_is_there_when_its_program_is(project: Path, call: Call):
    tools = project / "tools"
    tools.mkdir()
    missing = call("run", "codex", "hello", PATH=str(tools))
    assert missing.code == 2
    assert "The agent 'codex' runs the program 'codex', which is not installed here." in missing.err
    codex = tools / "codex"
    codex.write_text(
        f"#!/bin/sh\ncat >/dev/null\nexec cat '{FRAMES / 'codex-success.jsonl'}'\n", encoding="utf-8"
    )
    codex.chmod(0o755)
    here = f"{tools}{os.pathsep}{os.environ['PATH']}"
    assert "codex" in call("agents", "list", PATH=here).out
    assert call("run", "codex", "hello", PATH=here).out == "Hello from loopback\n"
    assert "subagents run c" in call("run", "Explore", "hello", PATH=here).err
