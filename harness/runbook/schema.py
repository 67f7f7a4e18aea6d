"""The JSON Schema of `yaml expect` blocks, made from the models of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from harness.expectations.base import Expectation

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def runbook_schema(kinds: Mapping[str, type[Expectation]]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a block: one expectation, or a list of them; which keys it has depends on `kind`."""
    inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (name, "validation", TypeAdapter(model)) for name, model in kinds.items()
    ]
    schemas, definitions = TypeAdapter.json_schemas(inputs, by_alias=True)
    one = {"oneOf": [schemas[(name, "validation")] for name in kinds]}
    return {
        "$schema": DIALECT,
        "title": "Expectations of a runbook",
        "description": "The content of a fenced block with the info string `yaml expect`.",
        "anyOf": [
            {"$ref": "#/$defs/Expectation"},
            {"type": "array", "items": {"$ref": "#/$defs/Expectation"}, "minItems": 1},
        ],
        "$defs": {**definitions.get("$defs", {}), "Expectation": one},
    }
