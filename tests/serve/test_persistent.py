"""A mapping that is never changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subagents.serve.front.persistent import Persistent

STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from("abcdefgh"), st.integers()))


@given(STEPS)
def test_it_is_what_a_dictionary_would_be_and_what_it_was_before_stays(steps: list[tuple[bool, str, int]]):
    mapping: Persistent[int] = Persistent()
    plain: dict[str, int] = {}
    for puts, key, value in steps:
        before, was = mapping, dict(plain)
        if puts:
            mapping, plain[key] = mapping.put(key, value), value
        else:
            mapping = mapping.without(key)
            plain.pop(key, None)
        assert (list(mapping.items()), len(mapping)) == (list(plain.items()), len(plain))
        assert list(before.items()) == list(was.items())


def test_a_change_shares_most_of_what_there_was():
    many: Persistent[int] = Persistent()
    for number in range(10_000):
        many = many.put(str(number), number)
    more = many.put("x", 0).without("7")

    assert sum(part is not other for part, other in zip(many._parts, more._parts, strict=True)) <= 2
