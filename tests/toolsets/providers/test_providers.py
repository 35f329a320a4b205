"""What a program may hand over as tools, how it is named, and what is told of what an agent file says of it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.errors import BadTools
from subagents.spec import ProviderRule, ToolSelection
from subagents.toolsets.providers.catalog import ToolProviders
from subagents.toolsets.providers.installed import GROUP, broken, installed
from subagents.toolsets.providers.notes import selector_notes
from subagents.toolsets.providers.provider import ToolProvider, as_providers, visible_name

KNOWN = {"mcp": None, "shop": ("price", "order")}


def price(item: str) -> str:
    """What an item costs."""
    return f"{item}: 3"


def order(item: str) -> str:
    """Orders an item."""
    return item


#: What entry points of the tests name.
LISTED = [price]
PROVIDER = ToolProvider("otherwise", [order])
TEXT = "no tools"


def rule(
    selected: tuple[str, ...] | None = None,
    included: tuple[str, ...] | None = None,
    excluded: tuple[str, ...] = (),
) -> ProviderRule:
    return ProviderRule(included, excluded, selected)


def entry(name: str, attribute: str, module: str = "tests.toolsets.providers.test_providers") -> EntryPoint:
    return EntryPoint(name, f"{module}:{attribute}", GROUP)


def seen(rule: ProviderRule, *tools: str) -> list[str]:
    """Which of these `provider/tool` may be seen."""
    return [each for each in tools if ToolSelection(providers=(rule,)).admits(*each.split("/", 1))]


# --- selecting


@pytest.mark.parametrize(
    ("selecting", "admitted"),
    [
        pytest.param(rule(("foo",)), ["foo/a", "foo/b", "foo/bar/baz"], id="E1"),
        pytest.param(rule(("foo/a", "foo/b")), ["foo/a", "foo/b"], id="E3"),
        pytest.param(rule(("foo/bar/baz",)), ["foo/bar/baz"], id="E5"),
        pytest.param(rule(("foo", "foo/a")), ["foo/a"], id="a narrowing wins"),
        pytest.param(
            rule(("Mcp/SomeTool", "FOO")), ["foo/a", "foo/b", "foo/bar/baz", "mcp/SomeTool"], id="E7"
        ),
        pytest.param(rule(("mcp/sometool",)), [], id="E7 the case of a tool counts"),
        pytest.param(rule(included=None), ["foo/a", "foo/b", "foo/bar/baz", "mcp/SomeTool"], id="E9"),
        pytest.param(rule(included=("Foo",)), ["foo/a", "foo/b", "foo/bar/baz"], id="included"),
        pytest.param(rule(included=("mcp",), excluded=("MCP",)), [], id="E11"),
        pytest.param(rule(("mcp",), included=("foo",)), [], id="selecting does not bring in"),
        pytest.param(rule(included=()), [], id="extensions: false"),
        pytest.param(rule(selected=()), [], id="nothing selected"),
        pytest.param(rule(("", "foo/")), ["foo/a", "foo/b", "foo/bar/baz"], id="no name is skipped"),
    ],
)
def test_what_a_rule_admits(selecting: ProviderRule, admitted: list[str]):
    assert seen(selecting, "foo/a", "foo/b", "foo/bar/baz", "mcp/SomeTool") == admitted


def test_a_provider_is_found_by_any_case_and_a_tool_by_its_own():
    assert rule(("shop/Price",)).admits("SHOP", "Price")
    assert not rule(("shop/Price",)).admits("shop", "price")


def test_a_denied_name_is_denied_whatever_selects_it():
    tools = ToolSelection(denied=("price",), providers=(rule(("shop/price",)),))
    assert not tools.admits("shop", "price")
    assert tools.reaches("shop")


@given(
    st.builds(
        rule,
        st.none()
        | st.lists(st.sampled_from(["shop", "shop/price", "Shop/price", "mcp", "x/y", ""])).map(tuple),
        st.none() | st.lists(st.sampled_from(["shop", "MCP", ""])).map(tuple),
        st.lists(st.sampled_from(["shop", "Mcp"])).map(tuple),
    )
)
def test_what_may_be_seen_is_reached_and_what_is_excluded_is_not(selecting: ProviderRule):
    for provider, tool in (("shop", "price"), ("shop", "order"), ("mcp", "x")):
        if selecting.admits(provider, tool):
            assert selecting.reaches(provider)
        if provider in selecting.excluded:
            assert not selecting.reaches(provider)


# --- what is told of it


@pytest.mark.parametrize(
    ("own", "told"),
    [
        pytest.param(rule(), (), id="nothing is said"),
        pytest.param(rule(("shop/price", "mcp/whatever")), (), id="all is well"),
        pytest.param(
            rule(included=("mcp",), excluded=("mcp",)),
            snapshot(("The provider of tools 'mcp' is both included and excluded, so it is left out.",)),
            id="E11",
        ),
        pytest.param(
            rule(("shp",)),
            snapshot(("There is no provider of tools 'shp'. Did you mean 'shop'? There are: mcp, shop.",)),
            id="unknown provider",
        ),
        pytest.param(
            rule(excluded=("telemetry",)),
            snapshot(("There is no provider of tools 'telemetry'. There are: mcp, shop.",)),
            id="unknown provider excluded",
        ),
        pytest.param(
            rule(("shop/prices",)),
            snapshot(
                (
                    "'ext:shop/prices' selects nothing: the provider has no tool 'prices'. Did you mean 'price'? "
                    "There are: price, order.",
                )
            ),
            id="unknown tool",
        ),
        pytest.param(
            rule(("shop",), included=("mcp",)),
            snapshot(
                ("'ext:shop' selects nothing: the provider 'shop' is not among the agent's extensions.",)
            ),
            id="an orphan",
        ),
    ],
)
def test_what_comes_to_nothing_is_told_and_ends_nothing(own: ProviderRule, told: tuple[str, ...]):
    assert selector_notes((own,), ToolSelection(providers=(own,)), KNOWN) == told


def test_what_the_parent_may_not_use_is_told():
    own, parent = rule(("shop",)), rule(included=("mcp",))
    assert selector_notes((own,), ToolSelection(providers=(own, parent)), KNOWN) == snapshot(
        ("'ext:shop' selects nothing: the parent of this run may not use 'shop'.",)
    )


# --- what is handed over


@pytest.mark.parametrize(
    ("tools", "names"),
    [
        (None, []),
        ({}, []),
        ({"Shop": [price, order]}, ["shop"]),
        ([ToolProvider("shop", [price]), ToolProvider("mcp", lambda: [order])], ["shop", "mcp"]),
        ({"mcp": list}, ["mcp"]),
    ],
)
def test_tools_are_given_under_names(tools: Any, names: list[str]):
    assert [provider.name for provider in as_providers(tools)] == names


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ({"Shop": [price], "shop": [order]}, "Two providers of tools are called 'shop'"),
        ({"my shop": [price]}, "cannot be called 'my shop'"),
        ({"mcp:x": [price]}, "cannot be called 'mcp:x'"),
        ({"a/b": [price]}, "cannot be called 'a/b'"),
        ({"": [price]}, "cannot be called ''"),
        ({"a\n": [price]}, "cannot be called"),
        ({3: [price]}, "cannot be called 3"),
        ({"shop": "price"}, "The tools of 'shop' are 'price': give a list of functions"),
        ({"shop": None}, "The tools of 'shop' are None"),
        ({"shop": 3}, "The tools of 'shop' are 3"),
        ({"shop": [price, price]}, "two tools called 'price'"),
        ({"shop": ["price"]}, "'price' in the tools of 'shop' is no tool"),
        ({"shop": [lambda: 1]}, "No model can call a tool '<lambda>'"),
        ([price], "has no name as a provider of tools"),
        (price, "names no providers"),
        ("shop", "names no providers"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_could(tools: Any, said: str):
    with pytest.raises(BadTools) as caught:
        as_providers(tools)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("tool", "taken", "name"),
    [
        ("price", (), "price"),
        ("read", ("read",), "my_shop__read"),
        ("read", ("read", "my_shop__read"), None),
        ("has.dots", (), None),
        ("x" * 65, (), None),
        ("x" * 60, ("x" * 60,), None),
    ],
)
def test_a_name_that_is_taken_gets_its_providers_before_it(
    tool: str, taken: tuple[str, ...], name: str | None
):
    assert visible_name("my.shop", tool, taken) == name


# --- of installed packages


def test_an_installed_provider_is_imported_when_it_is_reached_and_not_before():
    providers = ToolProviders(found=[entry("gone", "x", "no_such_module_of_ours"), entry("Listed", "LISTED")])

    assert providers.names() == ("gone", "listed")
    assert providers.notes((), ToolSelection(providers=(rule(included=("listed",)),))) == ()
    assert providers.toolset(ToolSelection(providers=(rule(included=()),))) is None


def test_one_that_cannot_be_loaded_is_left_out_and_told_once():
    providers = ToolProviders(found=[entry("gone", "x", "no_such_module_of_ours"), entry("listed", "LISTED")])

    first, second = (providers.notes((), ToolSelection()) for _ in range(2))

    assert first == snapshot(
        (
            "The tools 'gone' (no_such_module_of_ours:x) are left out, for they could not be loaded: "
            "ModuleNotFoundError: No module named 'no_such_module_of_ours'",
        )
    )
    assert second == ()
    assert providers.toolset(ToolSelection()) is not None


@pytest.mark.parametrize(
    ("attribute", "why"),
    [
        ("LISTED", None),
        ("PROVIDER", None),
        ("TEXT", "it is str, and no list of functions"),
        ("NOTHING", "AttributeError"),
    ],
)
def test_doctor_can_say_why_one_is_broken(attribute: str, why: str | None):
    (each,), _ = installed(found=[entry("mine", attribute)])
    said = broken(each)
    assert said is None if why is None else why in (said or "")


def test_names_that_are_taken_or_cannot_be_are_told():
    found = [
        entry("shop", "LISTED"),
        entry("a b", "LISTED"),
        entry("twice", "LISTED"),
        entry("Twice", "TEXT"),
    ]
    kept, told = installed(["shop"], found)

    assert [each.name for each in kept] == ["twice"]
    assert len(told) == 3
    assert any("the program has a provider of that name" in each for each in told)


def make_nothing() -> int:
    return 3


def make_trouble() -> None:
    raise RuntimeError("no shop today")


async def make_later() -> list[Callable[..., Any]]:
    return [price]


class Odd:
    """Nothing that JSON could be."""


def unspeakable(item: Odd) -> str:
    """Takes what JSON cannot say."""
    return str(item)


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        (make_nothing, "it returned 3"),
        (make_trouble, "RuntimeError: no shop today"),
        (make_later, "the async function"),
        (price, "TypeError"),
        ([unspeakable], "cannot be described to a model"),
    ],
)
def test_a_program_is_told_that_its_own_tools_cannot_be_made(tools: Any, said: str):
    providers = ToolProviders(as_providers({"shop": tools}))
    with pytest.raises(BadTools) as caught:
        providers.load(ToolSelection())
    assert said in str(caught.value)
