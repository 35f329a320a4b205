"""Ollama, a server of models on one's own machine: where it is, and how it says what it has."""

from __future__ import annotations

from collections.abc import Mapping

from subagents.models.addresses import Misconfigured, address_of

LATEST = ":latest"  # the tag that is meant where none is given


def address(environ: Mapping[str, str]) -> str:
    """Where the server is: what OLLAMA_BASE_URL or OLLAMA_HOST say, else here; "" when they make no sense."""
    try:
        return address_of("ollama", environ).url.removesuffix("/v1")
    except Misconfigured:
        return ""


def models_in(answer: object) -> tuple[str, ...]:
    """The models that can answer, in the server's order (the last changed first), from its GET /api/tags."""
    models = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        return ()
    return tuple(str(each["name"]) for each in models if isinstance(each, dict) and _answers(each))


def tagged(name: str, models: tuple[str, ...]) -> str:
    """The model of that name among these, "" when there is none. Without a tag the latest is meant."""
    by_name = {each.casefold(): each for each in models}
    wanted = name.strip().casefold()
    return by_name.get(wanted) or by_name.get(wanted + LATEST) or ""


def _answers(model: dict[str, object]) -> bool:
    """Those for embeddings do not; they say so in their family or in their name."""
    name, details = model.get("name"), model.get("details")
    family = str(details.get("family") if isinstance(details, dict) else "")
    return isinstance(name, str) and bool(name) and "bert" not in family and "embed" not in name
