"""Usage adds up by model, and nothing is lost or counted twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subagents.usage import ModelUsage, Usage, total

counts = st.integers(0, 10**9)
model_usages = st.builds(
    ModelUsage,
    requests=counts,
    input=counts,
    output=counts,
    cache_read=counts,
    cache_write=counts,
    unpriced=counts,
    uncounted=counts,
)
usages = st.builds(Usage, st.dictionaries(st.sampled_from(["a", "b", "c"]), model_usages))


def test_cache_reads_are_not_counted_as_tokens():
    usage = ModelUsage(requests=1, input=10, output=5, cache_read=1_000, cache_write=3)
    assert usage.tokens == 18


def test_usage_adds_up_by_model():
    usage = (
        Usage().plus("opus", ModelUsage(requests=1, input=10)).plus("haiku", ModelUsage(requests=1, input=1))
    )
    usage = usage.plus("opus", ModelUsage(requests=1, output=7, cost=0.5))
    assert usage.models["opus"] == ModelUsage(requests=2, input=10, output=7, cost=0.5)
    assert usage.total.requests == 3


def test_nothing_used_is_nothing():
    assert Usage().total == ModelUsage()
    assert total([]) == Usage()


@given(model_usages, model_usages)
def test_what_came_after_is_the_difference(before: ModelUsage, after: ModelUsage):
    assert (before + after) - before == after


@given(usages, usages, usages)
def test_the_order_of_adding_does_not_matter(one: Usage, two: Usage, three: Usage):
    assert (one + two) + three == one + (two + three) == total([three, one, two])


@given(usages, usages)
def test_a_sum_has_what_its_parts_have(one: Usage, two: Usage):
    assert (one + two).total == one.total + two.total
