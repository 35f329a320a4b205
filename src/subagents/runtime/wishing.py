"""What a program asks for in one call, as a request: fields by name, an output schema as a pydantic class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from subagents.errors import SpawnRefused
from subagents.runs.output_types import OutputType, output_type
from subagents.spec import SpawnRequest


def wished(
    request: SpawnRequest | str, prompt: str, wishes: Mapping[str, Any]
) -> tuple[SpawnRequest, OutputType | None]:
    """What is asked for, its schema as JSON Schema, and the class that this was given as, if it was one.

    `request` is a whole one, or an agent type with the prompt and `wishes` beside it. Raises `SpawnRefused`.
    """
    given = request.output_schema if isinstance(request, SpawnRequest) else wishes.get("output_schema")
    kind = output_type(given)
    if not isinstance(request, SpawnRequest):
        wishes = wishes if kind is None else {**wishes, "output_schema": kind.schema}
        return _of_wishes(request, prompt, wishes), kind
    return (request if kind is None else msgspec.structs.replace(request, output_schema=kind.schema)), kind


def _of_wishes(agent: str, prompt: str, wishes: Mapping[str, Any]) -> SpawnRequest:
    if unknown := sorted(wishes.keys() - set(SpawnRequest.__struct_fields__)):
        known = ", ".join(SpawnRequest.__struct_fields__)
        raise SpawnRefused(f"There is nothing like {unknown[0]!r} to ask for; there is {known}.")
    try:
        return msgspec.convert({"agent": agent, "prompt": prompt, **wishes}, SpawnRequest)
    except msgspec.ValidationError as error:
        raise SpawnRefused(f"What was asked for is not of the right kind: {error}.") from None
