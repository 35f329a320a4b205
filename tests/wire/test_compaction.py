"""A conversation that grows too long for its model: what is sent then, and what is known of it afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from tests.wire.server.providers import PROVIDERS, Provider
from tests.wire.server.script import Call, Refusal, Reply, Text, Tokens, says
from tests.wire.stories import BOUND, Story, Tell, story

from subagents import AgentManager
from subagents.events import ContextCompacted, Event
from subagents.runs.lifecycle_events import lifecycle_event
from subagents.runs.state import RunState, RunStatus
from subagents.settings.model import Settings

pytestmark = pytest.mark.anyio

LONG = Tokens(input=990_000, output=100)  # more than four fifths of what any of them reads
OLD = "I looked at everything there is, and it took a while. " * 40
LOOKS = Reply((Text(OLD), Call("grep", {"pattern": "retries"})), Tokens(input=900))
READS = Reply((Text("Now I read it."), Call("read", {"path": "retry.py"})), LONG)
SUMMARY = says("They are in retry.py, as far as I saw.", Tokens(input=700, output=30))
ANSWER = says("It is in retry.py, in line 1.", Tokens(input=1_000))
TOO_LONG = "prompt is too long: 210000 tokens > 200000 maximum"


@pytest.fixture
def claude(project: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    return lambda *steps, **wishes: story(PROVIDERS["anthropic"], steps, project, monkeypatch, **wishes)


async def ended(run: Story) -> tuple[RunState, list[ContextCompacted]]:
    facts: list[Event] = []
    result = await run.result()
    async for entry in run.manager.events():
        facts.append(entry.event)
        if entry.seq == run.manager.state.seq:
            break
    return result.run, [fact for fact in facts if isinstance(fact, ContextCompacted)]


async def test_near_the_window_what_is_old_is_summed_up_before_the_next_request(
    tell: Tell, provider: Provider
):
    async with tell(LOOKS, READS, SUMMARY, ANSWER) as run:
        state, facts = await ended(run)

    assert (state.status, state.text) == (RunStatus.COMPLETED, "It is in retry.py, in line 1.")
    (fact,) = facts
    assert (fact.reason, fact.count, fact.model) == ("its window was nearly full", 1, provider.model)
    assert fact.tokens_before > 800_000 > fact.tokens_after
    asked, sent = (json.dumps(body) for body in run.play.bodies[2:4])
    assert "I looked at everything" in asked
    assert "tools" not in run.play.bodies[2] or not run.play.bodies[2]["tools"]
    assert "I looked at everything" not in sent
    kept = ["where are retries?", "They are in retry.py", "Now I read it.", "1\\tretries = 5"]
    assert [words for words in kept if words not in sent] == []
    # What the summary took counts, and a compaction is seen wherever a run is.
    assert state.usage.models[provider.model].requests == 4
    assert state.compactions == 1


async def test_a_conversation_that_its_model_refuses_as_too_long_is_made_shorter_once(claude: Tell):
    refused = Refusal(400, TOO_LONG)
    async with claude(LOOKS, Reply(READS.parts), refused, SUMMARY, ANSWER) as run:
        state, (fact,) = await ended(run)

    assert (state.status, fact.reason) == (RunStatus.COMPLETED, "the model refused it as too long")
    assert "They are in retry.py" in json.dumps(run.play.bodies[4])
    assert [each.get("type") for each in run.play.bodies[4]["messages"][-1]["content"]] == ["tool_result"]


async def test_one_that_is_refused_again_fails_with_what_there_is(claude: Tell):
    refused = Refusal(400, TOO_LONG)
    async with claude(LOOKS, Reply(READS.parts), refused, SUMMARY, refused) as run:
        state, facts = await ended(run)

    assert (state.status, len(facts), len(run.play.asked)) == (RunStatus.FAILED, 1, 5)
    assert state.outcome is not None
    assert "longer than it can read" in state.outcome.reason


async def test_where_the_summary_fails_old_output_is_dropped_and_the_reason_said(claude: Tell):
    settings = Settings(model_retries=0)
    async with claude(LOOKS, READS, Refusal(500, "we broke"), ANSWER, settings=settings) as run:
        state, (fact,) = await ended(run)

    assert state.status is RunStatus.COMPLETED
    assert fact.model == ""
    assert fact.reason.startswith("its window was nearly full; without a summary: The model 'anthropic:")
    assert "its oldest part was left out" in json.dumps(run.play.bodies[3])


@pytest.mark.parametrize("model", ["none", "offline"])
async def test_where_no_model_may_be_asked_none_is(claude: Tell, model: str):
    settings = Settings(compaction_model=model)
    async with claude(LOOKS, READS, ANSWER, settings=settings) as run:
        state, (fact,) = await ended(run)

    assert (state.status, fact.model, len(run.play.asked)) == (RunStatus.COMPLETED, "", 3)
    assert fact.reason == "its window was nearly full"


async def test_another_model_sums_up_where_the_setting_says_so(claude: Tell):
    settings = Settings(compaction_model="anthropic:claude-opus-5-5")
    async with claude(LOOKS, READS, SUMMARY, ANSWER, settings=settings) as run:
        state, (fact,) = await ended(run)

    assert fact.model == "anthropic:claude-opus-5-5"
    assert run.play.bodies[2]["model"] == "claude-opus-5-5"
    assert state.model == "anthropic:claude-haiku-4-5"
    assert {name: used.requests for name, used in state.usage.models.items()} == {
        "anthropic:claude-haiku-4-5": 3,
        "anthropic:claude-opus-5-5": 1,
    }


async def test_with_a_share_of_nothing_it_is_only_made_shorter_when_refused(claude: Tell):
    async with claude(LOOKS, READS, ANSWER, settings=Settings(compaction_percent=0)) as run:
        state, facts = await ended(run)
    assert (state.status, facts) == (RunStatus.COMPLETED, [])


async def test_a_window_that_nobody_knows_is_that_of_the_setting(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    reads = Reply(READS.parts, Tokens(input=1_500))
    provider = Provider(
        "openai:my-own", PROVIDERS["chat"].dialect, "OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1"
    )
    settings = Settings(context_window=1_800)
    async with story(
        provider, [LOOKS, reads, SUMMARY, ANSWER], project, monkeypatch, settings=settings
    ) as run:
        state, facts = await ended(run)
    assert (len(facts), state.window) == (1, 0)


async def test_y13_y15_a_run_that_is_resumed_goes_on_from_what_the_compaction_left(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    """In another process too; and its transcript has everything once, the new after the old."""
    provider = PROVIDERS["anthropic"]
    again = says("In line 1 only.")
    steps = [LOOKS, READS, SUMMARY, ANSWER, again]
    async with story(provider, steps, project, monkeypatch) as first:
        await first.result()
        play = first.play
        settings = Settings(model_retries=0)
        with anyio.fail_after(BOUND):
            async with AgentManager.open(project, settings=settings) as manager:
                play.played = 0
                run = await manager.spawn("Explore", "where are retries?", model=provider.model)
                await manager.get_result(run, wait=True)
                session = manager.session
            async with AgentManager.open(project, settings=settings, session=session) as manager:
                await manager.resume(run, "Where else?")
                assert (await manager.get_result(run, wait=True)).text == "In line 1 only."
                assert manager.folder is not None
                path = manager.transcript_of(run)
                said = await manager.conversation(run)
    sent = json.dumps(play.bodies[-1])
    assert "I looked at everything" not in sent
    assert [
        words for words in ("where are retries?", "They are in", "Where else?") if words not in sent
    ] == []
    assert path is not None
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["kind"] for row in rows].count("compacted") == 1
    assert sum("Now I read it." in json.dumps(row) for row in rows) == 1
    assert [row["episode"] for row in rows] == sorted(row["episode"] for row in rows)
    assert "Summary: They are in retry.py, as far as I saw." in said


async def test_programs_that_watch_are_told(claude: Tell):
    told = []
    async with claude(LOOKS, READS, SUMMARY, ANSWER) as run:
        run.manager.listen(
            lambda entry: (
                told.append(lifecycle_event(entry, run.manager.state.run(run.run)))
                if isinstance(entry.event, ContextCompacted)
                else None
            )
        )
        await run.result()
    (event,) = told
    assert event is not None
    assert (event["event"], event["reason"], event["count"]) == ("compacted", "its window was nearly full", 1)


async def test_a_message_slipped_in_before_a_refusal_is_read_once(claude: Tell):
    refused = Refusal(400, TOO_LONG)
    async with claude(LOOKS, ANSWER, refused, SUMMARY, says("Again.")) as run:
        await run.result()
        await run.manager.resume(run.run, "Where else?")
        steer = await run.manager.steer(run.run, "And be brief.")
        result = await run.manager.get_result(run.run, wait=True)
        receipts = {each.id: each.turn for each in run.manager.state.run(run.run).steers}
    assert (result.run.status, result.text, result.run.compactions) == (RunStatus.COMPLETED, "Again.", 1)
    sent = json.dumps(run.play.bodies[-1])
    assert (sent.count("And be brief."), sent.count("Where else?")) == (1, 1)
    assert receipts[steer.id] is not None


async def test_where_a_prompt_alone_is_too_long_it_is_not_tried_again_at_every_turn(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    """What it is asked stays word for word, so there is little to gain: it must have grown by a fourth first."""
    provider = Provider(
        "openai:my-own", PROVIDERS["chat"].dialect, "OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1"
    )
    settings = Settings(context_window=2_000, grace_turns=1)
    looks = [
        Reply((Text("I look. " * 40), Call("grep", {"pattern": f"x{n}"})), Tokens(input=1_650 + 10 * n))
        for n in range(40)
    ]
    prompt = "Where are retries? " * 300
    async with story(
        provider, looks, project, monkeypatch, settings=settings, prompt=prompt, max_turns=16
    ) as run:
        _state, facts = await ended(run)
    assert len(facts) <= 1
    assert len(run.play.asked) <= 18
