"""A nested agent is told where it stands."""

from inline_snapshot import snapshot

from subagents.prompts.whereabouts import whereabouts


def test_a_run_at_the_top_has_nobody_above_it():
    assert whereabouts(["explore"], 1, 4) == ""


def test_a_nested_one_knows_its_path_and_how_deep_it_is():
    assert whereabouts(["orchestrator", "lead", "explore-2"], 3, 4) == snapshot("""\
<place>
You are explore-2, started by lead. Path: orchestrator > lead > you. Depth 3 of 4.
</place>""")


def test_one_at_the_limit_knows_that_it_can_start_nobody():
    assert whereabouts(["lead", "explore"], 4, 4).endswith(
        "Depth 4 of 4. You cannot start agents of your own.\n</place>"
    )
