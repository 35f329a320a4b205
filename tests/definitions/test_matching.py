"""Which agents fit a task: by words, with a score that means the same everywhere, and a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.definitions.matching import match
from subagents.definitions.model import AgentDefinition
from subagents.definitions.wording import stem, words


def agent(name: str, description: str = "", *capabilities: str) -> AgentDefinition:
    return AgentDefinition(name=name, description=description or name, capabilities=capabilities)


TESTER = agent("tester", "Works on tests.", "python_testing", "qa")
PYTHONIST = agent("pythonist", "", "python", "debugging")
WRITER = agent("writer", "Writes the documentation of a project.", "docs")
AGENTS = (TESTER, PYTHONIST, WRITER, agent("code-reviewer", "Reviews a change for bugs and security holes."))


def names(task: str, *agents: AgentDefinition) -> list[str]:
    return [each.name for each in match(task, agents or AGENTS)]


# --- what is found


def test_debugging_python_tests_is_for_who_can_test_and_for_who_can_debug():
    found = match("debug Python tests", AGENTS)

    assert {"tester", "pythonist"} == {each.name for each in found[:2]}
    assert all(each.score > 0.5 for each in found[:2])
    assert "writer" not in [each.name for each in found]


@pytest.mark.parametrize(
    ("task", "first"),
    [
        ("document the settings", "writer"),
        ("review my change", "code-reviewer"),
        ("is there a vulnerability in the login?", "code-reviewer"),
        ("the pytest suite is flaky", "tester"),
        ("PythonDebugger", "pythonist"),
        ("write_docs", "writer"),
    ],
)
def test_a_task_finds_its_agent_however_it_is_worded(task: str, first: str):
    assert names(task)[0] == first


@pytest.mark.parametrize("task", ["", "   ", "make coffee", "do it for me, please", "!?", "é"])
def test_nothing_fits_where_no_word_is_shared(task: str):
    assert match(task, AGENTS) == []


def test_without_agents_nothing_fits():
    assert match("debug Python tests", []) == []


def test_words_of_other_languages_are_found_too():
    assert names("les tests échouent", agent("a", "Répare ce qui échouent.")) == ["a"]
    assert names("修复失败的测试", agent("a", "编写和修复测试")) == ["a"]


# --- the score


def test_capabilities_count_more_than_the_name_and_the_name_more_than_the_description():
    found = match(
        "profile it",
        [agent("a", "Can profile."), agent("profile-b", "Does it."), agent("c", "Does it.", "profiling")],
    )

    assert [each.name for each in found] == ["c", "profile-b", "a"]


def test_each_word_that_an_agent_names_adds_to_its_score():
    scores = [
        match("tune slow sql", [agent("a", "x", *capabilities)])[0].score
        for capabilities in (["sql"], ["sql", "tuning"], ["sql", "tuning", "slow"])
    ]

    assert scores == sorted(set(scores))
    assert scores == [pytest.approx(wanted, abs=0.1) for wanted in (0.5, 0.75, 0.85)]


def test_a_score_hardly_depends_on_how_many_other_agents_there_are():
    others = [agent(f"other-{n}", "Bakes bread and cakes.") for n in range(200)]
    (alone,) = match("debug Python tests", [PYTHONIST])
    among = next(
        each for each in match("debug Python tests", [PYTHONIST, *others]) if each.name == "pythonist"
    )

    assert among.score == pytest.approx(alone.score, abs=0.02)


def test_what_every_agent_says_of_itself_counts_little():
    team = [agent(f"python-{n}", "Works on Python.") for n in range(100)]
    special = agent("migrator", "Migrates databases.")

    found = match("migrate the Python database", [*team, special])

    assert found[0].name == "migrator"
    assert all(each.score < 0.3 for each in found[1:])


def test_a_long_task_finds_who_is_named_in_it_more_than_once():
    task = (
        "Since yesterday the nightly build is red. Please look into the Python tests of the importer, find out why "
        "they fail when the disk is full, debug that, and tell me what you would do about it in the long run."
    )

    assert names(task)[0] in ("tester", "pythonist")


def test_agents_that_are_alike_come_by_name():
    assert names("test", agent("b", "", "test"), agent("A", "", "test"), agent("c", "", "test")) == [
        "A",
        "b",
        "c",
    ]


# --- the reason


def test_the_reason_names_the_words_and_where_they_stand():
    (found,) = match("debug the Python tests of the parser", [agent("py-debugger", "Mends tests.", "python")])

    assert found.reason == (
        "Its capabilities hold python; its name says debugger; its description says tests."
    )


def test_a_word_for_the_same_is_named_as_the_agent_has_it():
    (found,) = match("fix it", [agent("debugger")])

    assert found.reason == "Its name says debugger."


# --- words


def test_identifiers_are_taken_apart():
    assert words("python_testing HTTPServer2 C++ c# re-read I18N") == [
        *("python", "testing", "http", "server", "2", "c++", "c#", "re", "read", "i", "18", "n")
    ]


@pytest.mark.parametrize(
    "family",
    [
        "debug debugs debugging debugger debugged",
        "test tests tested testing tester",
        "review reviews reviewing reviewer",
        "migrate migrates migration migrations migrating migrator",
        "write writes writing writer",
        "query queries querying",
        "analyze analyzes analyzing analysis analyse",
        "optimize optimizer optimization optimising",
        "document documents documentation documenting",
        "class classes",
    ],
)
def test_inflections_of_a_word_are_one(family: str):
    assert len({stem(word) for word in family.split()}) == 1


# --- whatever comes

TEXT = st.text(max_size=40)


@given(TEXT, st.lists(st.tuples(TEXT, TEXT, st.lists(TEXT, max_size=3)), max_size=5))
def test_any_task_gets_falling_scores_between_0_and_1_and_the_same_again(
    task: str, said: list[tuple[str, str, list[str]]]
):
    agents = [
        agent(f"{n}{name}", description, *capabilities)
        for n, (name, description, capabilities) in enumerate(said)
    ]

    found = match(task, agents)

    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert all(each.reason.endswith(".") and len(each.reason) > 5 for each in found)
    assert found == match(task, list(reversed(agents)))
