"""`list_models`: the models that a parent may start agents on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from subagents.delegation.answers import ModelsAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent, refused
from subagents.models.known import Known
from subagents.models.providers import PROVIDERS, provider_called
from subagents.models.scope import in_scope
from subagents.models.selection import OFFLINE, label
from subagents.models.shelves import Shelf, Shelves, prices, window
from subagents.models.wishes import how_to_open
from subagents.texts import quoted

FEW = 8  # models of a provider that are listed unless it is named


class ModelsParams(Parameters):
    """What `list_models` takes."""

    provider: Annotated[
        str | None,
        Field(description="Only this provider's, and all of them: " + ", ".join(p.name for p in PROVIDERS)),
    ] = None


@dataclass(frozen=True, slots=True)
class Offered:
    """What an open provider has that may be chosen, of which `more` are not in `models`."""

    provider: str
    label: str
    models: Sequence[Known]
    more: int


async def list_models(parent: Parent, asked: ModelsParams) -> Answer:
    """What there is now; changes nothing."""
    wanted = provider_called(asked.provider) if asked.provider else None
    if asked.provider and wanted is None:
        names = ", ".join(each.name for each in PROVIDERS)
        return refused(
            f"There is no provider {quoted(asked.provider)}. Name one of {names}, or none for all."
        )
    found = await parent.manager.models(PROVIDERS if wanted is None else (wanted,))
    if found is None:
        return refused(
            "Nothing is known here of models; an agent has the one that its caller or its file names."
        )
    offered = [
        _offered(shelf, found.enabled, len(shelf.models) if wanted else FEW)
        for shelf in found.shelves
        if shelf.is_open
    ]
    here = [each for each in offered if each.models]
    own = _own(parent)
    lines = [*_lines(here, own or found.answers), *_closed(found, here), *found.notes, *_ends(own, found)]
    return Answer("\n".join(lines), _data(found, here))


def _offered(shelf: Shelf, enabled: Sequence[str], most: int) -> Offered:
    """The default first, then the newest."""
    scope = frozenset(enabled)
    allowed = [each for each in shelf.models if in_scope(each.named.exact, scope)]
    allowed.sort(key=lambda each: each.named.id != shelf.default)
    shown = allowed[:most]
    provider = shelf.provider
    return Offered(provider.name, provider.label, shown, len(allowed) - len(shown))


# --- for the model


def _lines(offered: Sequence[Offered], active: str) -> Iterator[str]:
    if offered:
        yield _heading(offered, active)
    for each in offered:
        yield f"{each.label} ({len(each.models) + each.more}):"
        yield from (f"{'*' if model.named.exact == active else '-'} {_line(model)}" for model in each.models)
        if each.more:
            yield f'  and {each.more} more: provider: "{each.provider}" lists all'


def _heading(offered: Sequence[Offered], active: str) -> str:
    count = sum(len(each.models) + each.more for each in offered)
    said = f"{count} model{'s' * (count != 1)}; prices are US dollars for a million tokens"
    marked = any(model.named.exact == active for each in offered for model in each.models)
    return f"{said}; * is the active one." if marked else f"{said}."


def _line(model: Known) -> str:
    known = (model.named.exact, model.named.label, window(model), prices(model))
    return ", ".join(part for part in known if part)


def _closed(found: Shelves, here: Sequence[Offered]) -> Iterator[str]:
    """Why a provider has nothing, where it was the only one asked for, or none has."""
    if here:
        return
    for shelf in found.shelves:
        needs = " or ".join(shelf.provider.variables)
        if shelf.problem:
            yield f"{shelf.provider.label}: {shelf.problem}."
        elif shelf.is_open:
            yield f"{shelf.provider.label}: none of its models may be chosen here."
        else:
            yield f"{shelf.provider.label}: closed; it needs {needs or 'its server'}."


def _own(parent: Parent) -> str:
    """The model that the parent runs on, "" where that is not known."""
    return parent.manager.state.run(parent.owner).spec.model if parent.owner is not None else ""


def _ends(own: str, found: Shelves) -> Iterator[str]:
    if own:
        yield f"You run on {label(own)}; so do agents that you start, unless you or their file name another."
    elif found.problem:
        yield found.problem
    else:
        yield f"Where none is named, {label(found.answers)} answers."
        if found.answers == OFFLINE:
            yield how_to_open()
    if found.enabled:
        yield f"Only these may be chosen: {', '.join(found.enabled)}."


# --- for programs


def _data(found: Shelves, here: Sequence[Offered]) -> dict[str, object]:
    return {
        "answers": found.answers,
        "problem": found.problem,
        "models": [_object(model) for each in here for model in each.models],
        "more": sum(each.more for each in here),
    }


def _object(model: Known) -> dict[str, object]:
    return {
        "name": model.named.exact,
        "label": model.named.label,
        "window": model.window,
        "input_price": model.input_price,
        "output_price": model.output_price,
    }


MODELS = DelegationTool("list_models", ModelsParams, list_models, (ModelsAnswer,), reads_only=True)
