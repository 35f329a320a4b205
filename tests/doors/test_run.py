"""`subagents run`: the answer and what is said around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script
from tests.doors.program import BOUND, SOURCE, bash

COUNTS = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'


def test_the_answer_alone_is_printed_and_everything_can_be_looked_up_afterwards(
    call: Call, script: Script, project: Path
):
    before = sorted(project.rglob("*"))
    model = script(bash("echo retry.py", text="I look."), {"text": "In retry.py.\nLine 3."})
    done = call("run", "worker", "where are retries?", model)
    assert (done.code, done.out) == (0, "In retry.py.\nLine 3.\n")
    run = json.loads(call("ps", "--json").out)[0]
    assert f"worker may run commands in {project}." in done.err
    assert f"worker {run['id']}: where are retries?\n  worker ▸ bash echo retry.py\n✓ worker" in done.err

    listed = call("ps").out.splitlines()[1].split()
    assert listed[:4] == [run["id"], "worker", "worker", "completed"]
    assert call("result", "worker").out == done.out
    assert call("log", run["id"][:3]).out.splitlines() == [
        "    1  I look.",
        "    2  ▸ bash echo retry.py",
        "    3  retry.py",
        "    4  In retry.py.",
        "    5  Line 3.",
    ]
    assert "where are retries?" in call("show", run["id"]).out
    made = set(project.rglob("*")) - set(before)
    assert [path.name for path in made] == ["script-0.yaml"], (
        "the project is as it was, but for the test's own file"
    )


def test_json_is_one_object_with_the_value_that_fits_the_schema(call: Call, script: Script):
    model = script({"text": 'Here it is:\n```json\n{"n": 3}\n```'})
    done = call("run", "answerer", "how many?", model, "--schema", COUNTS, "--json")
    told = json.loads(done.out)
    assert done.code == 0
    assert (told["status"], told["structured"], told["schema_valid"]) == ("completed", {"n": 3}, True)
    assert call("result", told["id"]).out == '{"n": 3}\n'


def test_an_answer_that_never_fits_the_schema_fails_and_is_kept(call: Call, script: Script, project: Path):
    (project / "schema.json").write_text(COUNTS)
    done = call(
        "run", "answerer", "how many?", script({"text": "three"}, repeat=True), "--schema", "schema.json"
    )
    assert (done.code, done.out) == (1, "three\n")
    assert "answerer failed: the answer does not fit the output schema" in done.err
    told = json.loads(call("result", "answerer", "--json").out)
    assert (told["status"], told["text"], told["schema_valid"]) == ("failed", "three", False)


def test_events_are_the_facts_in_order(call: Call, script: Script):
    done = call("run", "answerer", "hello", script({"text": "hi"}), "--events", "--quiet")
    facts = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert [fact["seq"] for fact in facts] == list(range(facts[0]["seq"], facts[0]["seq"] + len(facts)))
    assert facts[0]["type"] == "RunSpawned"
    completed = next(fact for fact in facts if fact["type"] == "RunCompleted")
    assert completed["text"] == "hi"
    assert all(fact["at"] > 1e9 for fact in facts)


def test_a_reader_that_leaves_early_ends_nothing(project: Path, script: Script, call: Call):
    model = script(bash("echo 1"), bash("echo 2"), {"text": "done"})
    program = f"{sys.executable} -m subagents"
    piped = subprocess.run(
        ["bash", "-c", f"{program} run worker hello '{model}' --events | head -1; echo ${{PIPESTATUS[0]}}"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    first, code = piped.stdout.splitlines()
    assert json.loads(first)["type"] == "RunSpawned"
    assert code == "0"
    assert "Traceback" not in piped.stderr
    assert call("result", "worker").out == "done\n"


def test_the_prompt_may_come_from_standard_input_and_needs_no_agent(call: Call, script: Script):
    model = script({"match": "piped words", "text": "read"})
    done = call("run", "-", model, stdin="some piped words")
    assert (done.code, done.out) == (0, "read\n")
    assert "general-purpose" in done.err


def test_without_a_model_the_offline_one_answers_and_says_so(call: Call, project: Path):
    (project / "backoff.py").write_text("def retry_with_backoff():\n    pass\n")
    done = call("run", "where is retry_with_backoff defined?")
    assert done.code == 0
    assert done.err.startswith("offline (no language model) answers")
    assert "backoff.py" in done.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "anserer", "hello"), "There is no agent 'anserer'. Did you mean answerer?"),
        (("run", "answerer"), 'What is answerer to do? Add a prompt: subagents run answerer "…"'),
        (("run", "answerer", "x", "--timeout", "soon"), "'soon' is not a time above 0"),
        (("run", "answerer", "x", "--schema", "nowhere.json"), "neither JSON nor a file that can be read"),
        (("run", "answerer", "x", "--json", "--events"), "both write to standard output"),
        (("run", "answerer", "x", "--cwd", "nowhere"), "There is no folder"),
        (("run", "answerer", "x", "--model", "gpt-9"), "There is no model 'gpt-9'"),
        (("run", "answerer", "x", "--schema", '{"type": 3}'), "schema"),
        (("run", "answerer", " "), "The prompt is empty"),
        (("run", ""), "The prompt is empty"),
        (("run", "answerer", "x", "--schema", ""), "--schema is empty"),
        (
            ("run", "answerer", "x", "--schema", "/dev/null"),
            "'/dev/null' is neither JSON nor a file that can be read: it is not a regular file",
        ),
        (("sessions", "gc", "--days", "-1"), "--days is -1; it must be 0 or more"),
        (("sessions", "gc", "--megabytes", "-1"), "--megabytes is -1; it must be 0 or more"),
        (("result", "k3v"), "no run 'k3v'"),
    ],
)
def test_what_is_refused_is_one_sentence_and_leaves_nothing_behind(
    call: Call, arguments: tuple[str, ...], sentence: str
):
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert call("sessions", "list").out == ""


def test_a_limit_keeps_the_work_that_was_done(call: Call, script: Script):
    model = script(bash("true", text="half of it"), repeat=True)
    done = call("run", "worker", "x", model, "--max-turns", "1", SUBAGENTS_GRACE_TURNS="1")
    assert (done.code, done.out) == (3, "half of it\n")
    assert "worker was asked to wrap up (turns)" in done.err
    assert "worker stopped by limit: it used 2 turns, which was its limit" in done.err


def test_a_time_limit_stops_a_run_that_hangs(call: Call, script: Script):
    done = call("run", "worker", "x", script(bash("sleep 600")), "--timeout", "0.5s")
    assert done.code == 3
    assert "worker stopped by timeout: it ran for 0.5 seconds, which was its limit" in done.err


def test_runs_below_it_are_shown_indented(call: Call, script: Script, project: Path):
    lead = "---\ndescription: Leads.\ntools: read, Agent, get_subagent_result\n---\nLead."
    (project / ".subagents/agents/lead.md").write_text(lead)
    ask = {
        "name": "Agent",
        "arguments": {"prompt": "look", "subagent_type": "answerer", "description": "a look"},
    }
    wait = {"name": "get_subagent_result", "arguments": {"agent_id": "answerer", "wait": True}}
    model = script(
        {"match": "^begin$", "tool_calls": [ask]},
        {"match": "^look$", "text": "seen"},
        {"match": "Started agent", "tool_calls": [wait]},
        {"match": "seen", "text": "all seen"},
    )
    done = call("run", "lead", "begin", model)
    assert (done.code, done.out) == (0, "all seen\n"), done.err
    assert "\n  answerer " in done.err
    assert "\n  ✓ answerer  a look" in done.err
    _heading, lead, child = call("ps").out.splitlines()
    assert lead.split()[1] == "lead"
    assert "    answerer" in child
    assert "✓ answerer  a look" in call("show", "lead").out


def test_an_error_of_the_provider_fails_the_run_with_its_reason_and_no_traceback(call: Call, script: Script):
    model = script(bash("true", text="so far"), {"error": {"status": 400, "message": "no such thing"}})
    done = call("run", "worker", "x", model)
    assert (done.code, done.out) == (1, "so far\n")
    assert "worker failed: " in done.err
    assert "no such thing" in done.err
    assert "Traceback" not in done.err


def test_a_setting_that_cannot_be_is_said_and_dropped(call: Call, script: Script):
    done = call("run", "answerer", "x", script({"text": "done"}), SUBAGENTS_MAX_CONCURRENT="many")
    assert (done.code, done.out) == (0, "done\n")
    assert "SUBAGENTS_MAX_CONCURRENT: must be a whole number from 1 to 1024, not 'many'" in done.err


def test_a_server_that_cannot_be_started_is_said_and_kept_with_the_run(
    call: Call, script: Script, project: Path
):
    dies = {"command": "sh", "args": ["-c", "echo I die >&2; exit 3"]}
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {"s": dies}}))
    (project / ".subagents" / "agents" / "user.md").write_text(
        "---\ndescription: uses\ntools: read, mcp__s\n---\nUse.\n"
    )

    done = call("run", "--trust", "--json", "user", "go", script({"text": "hello"}))

    (note,) = json.loads(done.out)["notes"]
    assert note.startswith("The MCP server 's' could not be started: ")
    assert "it ended with exit code 3; it wrote: I die" in note
    assert f"  user: {note}\n" in done.err
    run = json.loads(done.out)["id"]
    assert f"▸ {note}" in call("log", run).out
    assert note in call("show", run).out
