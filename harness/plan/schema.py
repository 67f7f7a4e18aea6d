"""The JSON Schema of rehearsal files, made from the model that reads them."""

from __future__ import annotations

import json
from typing import Any

from harness.plan.rehearsal import RehearsalSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def rehearsal_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of rehearsals/*.yaml."""
    return {"$schema": DIALECT, **RehearsalSpec.model_json_schema(by_alias=True), "title": "Rehearsal"}


def as_text(schema: dict[str, Any]) -> str:
    """As committed under docs/reference/schema: stable, one trailing newline."""
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
