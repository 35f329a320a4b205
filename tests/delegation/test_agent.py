"""`Agent` and `start_agents`: what is begun, what is refused, and how it is tried again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.bootstrap import AgentManager as OnDisk
from subagents.definitions.model import AgentDefinition, Isolation
from subagents.delegation.agent import OFFLINE_SAYS
from subagents.delegation.door import CONVERSATION
from subagents.delegation.registry import BY_NAME
from subagents.delegation.tool import Answer, Parent
from subagents.ids import RunId
from subagents.own_tasks import own_tasks
from subagents.runs.state import RunStatus
from subagents.runtime.manager import AgentManager
from subagents.settings.model import Settings
from subagents.spec import AskedBy
from subagents.testing.builders import PLAIN, open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Say, ScriptedRunner, Wait

pytestmark = pytest.mark.anyio

AGENTS = (
    PLAIN,
    AgentDefinition(name="Explore", description="searches code", capabilities=("explore_code",)),
    AgentDefinition(name="reviewer", description="reviews changes", max_turns=7),
)


async def agent(parent: Parent, **arguments: Any) -> Answer:
    return await BY_NAME["Agent"].call(parent, arguments)


async def many(parent: Parent, *agents: Any) -> Answer:
    return await BY_NAME["start_agents"].call(parent, {"agents": list(agents)})


def run_of(manager: AgentManager, answer: Answer) -> Any:
    return manager.state.run(RunId(answer.data["id"]))


async def test_it_answers_at_once_with_all_that_is_needed_to_go_on():
    gate = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Wait(gate)]), agents=AGENTS) as manager:
        parent = replace(parent_of(manager), door=CONVERSATION)
        answer = await agent(parent, prompt="where are retries handled?", subagent_type="explore")
        assert answer.text.replace(answer.data["id"], "RUN") == snapshot("""\
Started agent RUN (Explore, handle explore): where are retries handled?
You are told by yourself when it ends, so do not poll or sleep. Go on with other work meanwhile, and do not do this again yourself. get_subagent_result waits for it or looks at it (peek), steer_subagent tells it something, stop_subagent ends it.\
""")
        assert (answer.ok, answer.data["type"], answer.data["handle"]) == (True, "Explore", "explore")
        run = run_of(manager, answer)
        assert (run.asked_by, run.spec.background, run.spec.description) == (
            AskedBy.MODEL,
            True,
            "where are retries handled?",
        )


async def test_one_that_has_to_wait_its_turn_says_at_which_place():
    async with open_manager(
        ScriptedRunner(default=[Wait(anyio.Event())]), settings=Settings(max_concurrent=1)
    ) as manager:
        parent = parent_of(manager)
        first = await agent(parent, prompt="a", subagent_type="plain")
        await settled()
        second, third = [await agent(parent, prompt="b", subagent_type="plain") for _ in range(2)]
        assert [each.data["queue_position"] for each in (first, second, third)] == [None, 1, 2]
        assert "It is queued, at place 2: 1 agents work at a time." in third.text


async def test_where_no_language_model_is_configured_its_first_line_says_so(tmp_path: Path):
    async with OnDisk.open(tmp_path, settings=Settings()) as manager:
        answer = await agent(parent_of(manager), prompt="where?", subagent_type="Explore", model="")
        assert answer.text.splitlines()[0] == OFFLINE_SAYS
        assert f"{answer.data['id']}.jsonl" in answer.data["transcript"]
        named = await agent(parent_of(manager), prompt="where?", subagent_type="Explore", model="offline")
        assert OFFLINE_SAYS not in named.text


async def test_what_a_model_leaves_at_nothing_is_decided_by_others():
    nothing: dict[str, Any] = {
        "description": "", "name": "", "model": "", "thinking": "", "max_turns": 0, "max_seconds": 0, "max_tokens": 0,
        "max_cost": 0, "resume": "", "retry": "", "isolated": False, "output_schema": "", "on_invalid": "",
    }  # fmt: skip
    async with open_manager(agents=AGENTS) as manager:
        answer = await agent(parent_of(manager), prompt="go", subagent_type="reviewer", **nothing)
        spec = run_of(manager, answer).spec
        assert (spec.limits.max_turns, spec.limits.max_seconds, spec.output_schema) == (7, None, None)
        assert spec.decided["isolated"] == "default"


async def test_the_best_fitting_agent_is_picked_and_it_is_said_which_and_why():
    async with open_manager(agents=AGENTS) as manager:
        answer = await agent(parent_of(manager), prompt="review the changes of today", subagent_type="auto")
        assert answer.data["type"] == "reviewer"
        assert "Note: 'reviewer' was chosen: " in answer.text


# --- refused, and tried again


async def test_an_unknown_type_is_refused_with_what_there_is_and_a_handle_that_keeps_the_prompt():
    async with open_manager(agents=AGENTS) as manager:
        parent = parent_of(manager)
        refused = await agent(parent, prompt="a long prompt", subagent_type="Explorer", description="look")
        handle = refused.data["retry"]
        assert refused.text.replace(handle, "retry-HANDLE") == snapshot("""\
Error: There is no agent 'Explorer'. Did you mean Explore? There are: Explore, plain, reviewer.
To try again: Agent with retry: "retry-HANDLE" and subagent_type; the prompt is kept.\
""")
        again = await agent(parent, retry=handle, subagent_type="Explore")
        run = run_of(manager, again)
        assert (run.prompt, run.spec.description, run.spec.agent) == ("a long prompt", "look", "Explore")


async def test_r33_a_second_failure_has_the_same_handle_and_r35_another_type_the_old_prompt():
    async with open_manager(agents=AGENTS) as manager:
        parent = parent_of(manager)
        first = await agent(parent, prompt="p", subagent_type="nobody")
        second = await agent(parent, retry=first.data["retry"], subagent_type="nobody else")
        assert second.data["retry"] == first.data["retry"]
        third = await agent(parent, retry=first.data["retry"], subagent_type="reviewer")
        assert run_of(manager, third).prompt == "p"
        fourth = await agent(parent, retry=first.data["retry"])
        assert "There is nothing to retry as" in fourth.text


async def test_a_model_that_fills_in_everything_keeps_what_it_had_when_it_tries_again():
    async with open_manager(agents=AGENTS) as manager:
        parent = parent_of(manager)
        first = await agent(parent, prompt="p", description="look", subagent_type="nobody")
        again = await agent(
            parent,
            retry=first.data["retry"],
            subagent_type="reviewer",
            prompt="",
            description="",
            max_turns=0,
        )
        run = run_of(manager, again)
        assert (run.prompt, run.spec.description, run.spec.agent) == ("p", "look", "reviewer")


async def test_a_bad_parameter_costs_nobody_the_prompt():
    async with open_manager(agents=AGENTS) as manager:
        parent = parent_of(manager)
        wrong = {"prompt": "a long prompt", "subagent_type": "plain", "max_turns": "many", "colour": "red"}
        first = await BY_NAME["Agent"].call(parent, wrong)
        assert "there is no 'colour'" in first.text
        assert "the prompt is kept" in first.text
        second = await BY_NAME["Agent"].call(parent, {"retry": first.data["retry"], "max_turns": "several"})
        assert second.data["retry"] == first.data["retry"]
        run = run_of(
            manager, await BY_NAME["Agent"].call(parent, {"retry": first.data["retry"], "max_turns": "5"})
        )
        assert (run.prompt, run.spec.agent, run.spec.limits.max_turns) == ("a long prompt", "plain", 5)


async def test_bad_parameters_without_a_prompt_or_with_a_handle_of_nobody_are_only_refused():
    async with open_manager(agents=AGENTS) as manager:
        parent = parent_of(manager)
        for wrong in ({"max_turns": "many"}, {"prompt": 7}, {"retry": "retry-0", "max_turns": "many"}):
            answer = await BY_NAME["Agent"].call(parent, wrong)
            assert not answer.ok
            assert "Agent cannot be called so" in answer.text
            assert "retry" not in answer.data


async def test_a_retry_gives_up_a_schema_by_an_empty_one():
    async with open_manager(agents=AGENTS) as manager:
        parent = parent_of(manager)
        refused = await agent(parent, prompt="p", subagent_type="plain", output_schema="{bad")
        again = await agent(parent, retry=refused.data["retry"], output_schema="")
        assert run_of(manager, again).spec.output_schema is None


async def test_a_handle_is_kept_for_ten_minutes_and_for_its_own_parent():
    clock = FakeClock()
    async with open_manager(
        ScriptedRunner(default=[Wait(anyio.Event())]), agents=AGENTS, clock=clock
    ) as manager:
        parent = parent_of(manager)
        owner = RunId((await agent(parent, prompt="x", subagent_type="plain")).data["id"])
        refused = await agent(parent, prompt="p", subagent_type="nobody")
        stranger = replace(parent, owner=owner)
        assert (
            "nothing to retry"
            in (await agent(stranger, retry=refused.data["retry"], subagent_type="plain")).text
        )
        await clock.advance(599)
        late = await agent(parent, prompt="q", subagent_type="nobody")
        await clock.advance(2)
        assert (
            "kept for 10 minutes"
            in (await agent(parent, retry=refused.data["retry"], subagent_type="plain")).text
        )
        assert (await agent(parent, retry=late.data["retry"], subagent_type="plain")).ok


async def test_n19_a_schema_that_is_none_is_refused_with_a_handle():
    async with open_manager(agents=AGENTS) as manager:
        parent = parent_of(manager)
        refused = await agent(parent, prompt="p", subagent_type="plain", output_schema="{bad")
        assert "The output schema cannot be used" in refused.text
        assert (await agent(parent, retry=refused.data["retry"], output_schema={"type": "object"})).ok


async def test_a_call_without_a_prompt_has_nothing_to_keep():
    async with open_manager(agents=AGENTS) as manager:
        refused = await agent(parent_of(manager), subagent_type="plain")
        assert (refused.ok, refused.text) == (
            False,
            "Error: Say in prompt what the agent is to do; it sees nothing of this conversation.",
        )
        assert manager.state.runs == {}


# --- going on


async def test_one_that_has_ended_goes_on_whatever_type_is_named_beside_it():
    runner = ScriptedRunner({"go": [Say("first")], "more": [Say("second")]})
    async with open_manager(runner, agents=AGENTS) as manager:
        parent = parent_of(manager)
        begun = await agent(parent, prompt="go", subagent_type="plain", name="scout")
        await manager.get_result("scout", wait=True)
        resumed = await agent(parent, prompt="more", resume="scout", subagent_type="nobody")
        assert resumed.data["id"] == begun.data["id"]
        assert resumed.text.startswith(f"Resumed agent {begun.data['id']}")
        assert (await manager.get_result("scout", wait=True)).text == "second"


async def test_one_in_progress_is_not_resumed_but_steered():
    async with open_manager(ScriptedRunner(default=[Wait(anyio.Event())])) as manager:
        parent = parent_of(manager)
        await agent(parent, prompt="go", subagent_type="plain")
        await settled()
        refused = await agent(parent, prompt="more", resume="plain")
        assert "is still running; steer it" in refused.text


async def test_a_parent_resumes_its_own_only():
    async with open_manager(ScriptedRunner(default=[Wait(anyio.Event())])) as manager:
        parent = parent_of(manager)
        one = await agent(parent, prompt="go", subagent_type="plain")
        await agent(parent, prompt="go", subagent_type="plain", name="stranger")
        await settled()
        mine = replace(parent, owner=RunId(one.data["id"]))
        assert "is not an agent of yours" in (await agent(mine, prompt="x", resume="stranger")).text


# --- in the foreground


async def test_one_in_the_foreground_is_waited_for_and_its_answer_names_no_id():
    gate, answers = anyio.Event(), list[Answer]()
    async with (
        open_manager(ScriptedRunner(default=[Wait(gate), Say("the answer")])) as manager,
        own_tasks() as tasks,
    ):

        async def call() -> None:
            answers.append(
                await agent(parent_of(manager), prompt="go", subagent_type="plain", run_in_background=False)
            )

        tasks.start_soon(call)
        await settled()
        assert answers == []
        gate.set()
        await settled()
        [run] = manager.list()
        assert answers[0].text == snapshot("""\
completed | 1 turn | 110 tokens | 0s.

the answer\
""")
        assert run.id not in answers[0].text
        assert run.handle not in answers[0].text
        assert run.delivered


async def test_one_in_the_foreground_that_takes_too_long_is_told_of_as_a_wait_that_timed_out():
    clock, answers = FakeClock(), list[Answer]()
    async with (
        open_manager(ScriptedRunner(default=[Wait(anyio.Event())]), clock=clock) as manager,
        own_tasks() as tasks,
    ):

        async def call() -> None:
            answers.append(
                await agent(parent_of(manager), prompt="go", subagent_type="plain", run_in_background=False)
            )

        tasks.start_soon(call)
        await clock.advance(270.1)
        assert "timed out after 4m 30s" in answers[0].text
        assert manager.list()[0].id in answers[0].text
        tasks.cancel_scope.cancel()


# --- many


async def test_many_are_started_each_for_itself():
    async with open_manager(ScriptedRunner(default=[Wait(anyio.Event())]), agents=AGENTS) as manager:
        answer = await many(
            parent_of(manager),
            {"prompt": "one", "subagent_type": "plain"},
            {"prompt": "two", "subagent_type": "nobody"},
            {"prompt": "three", "subagent_type": "plain", "colour": "red"},
            {"prompt": "four", "subagent_type": "Explore", "run_in_background": False},
        )
        ids = [each.get("id") for each in answer.data["agents"]]
        assert [bool(each) for each in ids] == [True, False, False, True]
        assert len(manager.list()) == 2
        text = answer.text
        for number, each in enumerate(filter(None, ids)):
            text = text.replace(str(each), f"RUN{number}")
        for each in answer.data["agents"]:
            text = text.replace(each.get("retry", "retry-HANDLE"), "retry-HANDLE")
        assert text == snapshot("""\
2 of 4 agents started. Nobody tells you when it ends: fetch the result when you need it, and do not poll.
1. RUN0 (plain, handle plain)
2. Error: There is no agent 'nobody'. There are: Explore, plain, reviewer.
To try again: Agent with retry: "retry-HANDLE" and subagent_type; the prompt is kept.
3. Error: This agent cannot be called so: there is no 'colour'. Its parameters are prompt, description, subagent_type, name, model, thinking, max_turns, max_seconds, max_tokens, max_cost, resume, retry, inherit_context, context, isolated, isolation, run_in_background, output_schema, on_invalid.
To try again: Agent with retry: "retry-HANDLE" and what is to be different; the prompt is kept.
4. RUN1 (Explore, handle explore)\
""")


async def test_an_item_that_is_no_object_costs_the_others_nothing():
    async with open_manager(agents=AGENTS) as manager:
        good = {"prompt": "one", "subagent_type": "plain", "model": None}
        answer = await many(parent_of(manager), good, "plain: two", None)
        assert [bool(each.get("id")) for each in answer.data["agents"]] == [True, False, False]
        assert answer.text.splitlines()[2:] == snapshot(
            [
                "2. Error: This agent must be an object with the parameters of Agent, not 'plain: two'.",
                "3. Error: This agent must be an object with the parameters of Agent, not None.",
            ]
        )


async def test_more_than_fifty_are_refused_before_any_begins():
    async with open_manager(agents=AGENTS) as manager:
        wish = {"prompt": "go", "subagent_type": "plain"}
        refused = await many(parent_of(manager), *[wish] * 51)
        assert refused.text == snapshot(
            "Error: agents has 51 items and may have 50; start the others in another call."
        )
        assert manager.state.runs == {}
        assert (
            await many(parent_of(manager))
        ).text == "Error: agents is empty; give one object for each agent."
        assert len((await many(parent_of(manager), *[wish] * 50)).data["agents"]) == 50


async def test_a_run_whose_prompt_is_refused_by_its_provider_fails_at_once():
    from subagents.testing.runner import Break

    async with open_manager(
        ScriptedRunner(default=[Break(RuntimeError("the prompt was refused"))])
    ) as manager:
        answer = await agent(parent_of(manager), prompt="go", subagent_type="plain")
        await settled()
        assert run_of(manager, answer).status is RunStatus.FAILED


async def test_a_worktree_is_had_for_the_asking_unless_the_agents_file_says_off():
    shared = AgentDefinition(name="shared", description="works beside the user", isolation=Isolation.OFF)
    async with open_manager(ScriptedRunner(default=[Say("x")]), agents=(*AGENTS, shared)) as manager:
        parent = parent_of(manager)
        for asked, kind, isolation in (
            ("worktree", "plain", "worktree"),
            ("", "plain", "off"),
            ("worktree", "shared", "off"),
        ):
            answer = await agent(parent, prompt="a", subagent_type=kind, isolation=asked)
            assert run_of(manager, answer).spec.isolation == isolation


async def test_where_no_worktree_can_be_made_the_call_is_refused_with_the_reason(tmp_path: Path):
    async with OnDisk.open(tmp_path, runners={"native": ScriptedRunner()}) as manager:
        answer = await agent(parent_of(manager), prompt="a", subagent_type="Explore", isolation="worktree")
        assert not answer.ok
        assert "it is in no git repository" in answer.text
        assert "the prompt is kept" in answer.text
        assert manager.list() == []
