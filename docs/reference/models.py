"""The pages of what people write and read as YAML and JSON, from the models' own JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, TypeAdapter

from docs.reference.markdown import page, prose, table
from harness.expectations.names import MOMENT
from harness.expectations.registry import kinds
from harness.judge.verdict import Verdict
from harness.plan.rehearsal import Load, PointInTime, RehearsalSpec
from harness.runbook.anchors import slug
from harness.safety.guard import Allowed
from harness.traffic.profile import Profile
from harness.units import Duration, Share, format_duration
from harness.validate.config import ValidateConfig
from harness.validate.document import Document

Schema = Mapping[str, Any]

UNITS = """## Values

| name | written as |
|---|---|
| duration | `90s`, `5m`, `1h30m`, `250ms`: numbers with `ms`, `s`, `m`, `h` or `d` |
| share | `2 %`, or a number between 0 and 1 |
| moment | `start`, `end`, `window-opens`, `window-closes`, `load:4x`, or one of a name, below |
| instant | an offset from the start such as `90s`, or `phase:peak`, `phase-end:peak`, `phase:peak+10s` |
| load | `1x`, `4x`, a ramp `1x..4x`, or one of these by territory: `{DE: 4x, CH: 1x..2x}` |

Moments of a name: `phase:NAME`, `phase-end:NAME`, `fault:ID`, `fault-end:ID`.
"""


def rehearsal_page() -> str:
    """Rehearsal files."""
    return page(
        "Rehearsal files",
        "harness/plan/rehearsal.py",
        "A rehearsal says what is rehearsed, under which load and faults, against which runbook. An unknown key is an "
        "error. Examples: [smoke.yaml](../../rehearsals/smoke.yaml), "
        "[oktoberfest.yaml](../../rehearsals/oktoberfest.yaml). "
        "For editors: [JSON Schema](schema/rehearsal.schema.json).",
        *_sections(RehearsalSpec, "The file"),
        UNITS,
    )


def profile_page() -> str:
    """Load profiles."""
    return page(
        "Load profiles",
        "harness/traffic/profile.py",
        "A profile says how much load a season brings to each territory, and what the requests are. An unknown key is an "
        "error. Example: [profiles/oktoberfest.yaml](../../profiles/oktoberfest.yaml).",
        *_sections(Profile, "The file"),
        UNITS.split("| moment", maxsplit=1)[0],
    )


def contexts_page() -> str:
    """The allow-list of contexts."""
    return page(
        "Allowed contexts",
        "harness/safety/guard.py",
        "`$XDG_CONFIG_HOME/generalprobe/contexts.yaml`, by default below `~/.config`. Without it only embedded clusters "
        "may be rehearsed on. The environment variable `GENERALPROBE_ALLOWED_CONTEXTS` adds names, divided by commas.",
        *_sections(Allowed, "The file"),
    )


def expectations_page() -> str:
    """Every kind of expectation that is installed."""
    found = kinds()
    index = table(
        ("kind", "promises"),
        ((f"[`{name}`](#{slug(name)})", _first(model.__doc__)) for name, model in found.items()),
    )
    parts: list[str] = []
    for name, model in found.items():
        needs = ", ".join(f"`{source}`" for source in sorted(model.needs)) or "nothing but its own samples"
        parts += [*_sections(model, name), f"Needs: {needs}."]
    return page(
        "Kinds of expectation",
        "harness/expectations/",
        "An expectation stands in a runbook, in a fenced block with the info string `yaml expect` below the sentence that "
        "it makes checkable: one mapping, or a list of them. How to write one: "
        "[your own runbook](../how-to/own-runbook.md). For editors: [JSON Schema](schema/runbook.schema.json).",
        index,
        "*Needs* names the sources of the record that must have been watching: where one was away, the result is "
        "`no_data`, for `load` it is `invalid`.",
        *parts,
        UNITS.split("| instant", maxsplit=1)[0] + "\n\n" + UNITS.rpartition("\n\n")[2],
    )


def config_page() -> str:
    """Settings of `rehearse validate`."""
    return page(
        "Settings of rehearse validate",
        "harness/validate/config.py",
        "The table `[tool.rehearse.validate]` of pyproject.toml, or .rehearse.yaml with the same keys; the nearest "
        "one in the folder of the command or above it counts. An unknown key is an error. The command line counts more. "
        "For editors: [JSON Schema](schema/config.schema.json).",
        *_sections(ValidateConfig, "The file"),
        UNITS.split("| share", maxsplit=1)[0],
    )


def findings_page() -> str:
    """What `rehearse validate --format json` prints."""
    return page(
        "Findings as JSON",
        "harness/validate/document.py",
        "`rehearse validate --format json` prints one document. Its form has a version; keys may be added to it without a "
        "new one. JSON Schema: [findings.schema.json](schema/findings.schema.json). All rules: [index](../rules/index.md).",
        *_sections(Document, "The document", mode="serialization"),
    )


def verdict_page() -> str:
    """verdict.json."""
    return page(
        "verdict.json",
        "harness/judge/verdict.py",
        "Lies in the folder of a run; `rehearse judge RUN --json` prints it. Its form has a version, in `schema`. "
        "JSON Schema: [verdict.schema.json](../../harness/judge/verdict.schema.json). "
        "What the results mean: [Verdicts](../explanation/verdicts.md).",
        *_sections(Verdict, "The file", mode="serialization"),
    )


def _sections(model: type[BaseModel], title: str, mode: Any = "validation") -> Iterator[str]:
    """A section for the model, and one for each model within it that has fields."""
    schema = model.model_json_schema(by_alias=True, mode=mode)
    definitions: Schema = schema.get("$defs", {})
    yield f"## {title}"
    yield prose(str(schema.get("description", "")))
    yield _table(schema, definitions)
    for name, inner in definitions.items():
        yield f"### {_title(name)}"
        yield prose(str(inner.get("description", "")))
        if "enum" in inner:
            yield "One of " + ", ".join(f"`{value}`" for value in inner["enum"]) + "."
        else:
            yield _table(inner, definitions)


def _table(schema: Schema, definitions: Schema) -> str:
    required = schema.get("required", ())
    rows = []
    for key, field in schema.get("properties", {}).items():
        default = "required" if key in required else _default(field)
        rows.append((f"`{key}`", _type(field, definitions), default, field.get("description", "")))
    return table(("key", "type", "default", "what it says"), rows)


def _default(field: Schema) -> str:
    value = field.get("default")
    if _is(field, "duration") and isinstance(value, str):
        return f"`{format_duration(TypeAdapter(timedelta).validate_python(value))}`"
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, dict):
        return "the defaults below"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value, ensure_ascii=False)}`"


def _type(field: Schema, definitions: Schema) -> str:
    named = next((name for name in _NAMED if _is(field, name)), None)
    if named is not None:
        return named
    if "$ref" in field:
        name = _title(str(field["$ref"]).rpartition("/")[2])
        return f"[{name}](#{slug(name)})"
    if "const" in field or "enum" in field:
        return " or ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if "anyOf" in field:
        return " or ".join(_type(one, definitions) for one in field["anyOf"] if one.get("type") != "null")
    return _plain(field, definitions)


def _plain(field: Schema, definitions: Schema) -> str:
    if field.get("type") == "array":
        if "prefixItems" in field:
            return "[" + ", ".join(_type(one, definitions) for one in field["prefixItems"]) + "]"
        return f"list of {_type(field.get('items', {}), definitions)}"
    if field.get("type") == "object":
        inner = field.get("additionalProperties")
        return f"mapping to {_type(inner, definitions)}" if isinstance(inner, dict) and inner else "mapping"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
    return names.get(str(field.get("type")), "anything") + _bounds(field)


def _is(field: Schema, name: str) -> bool:
    return all(field.get(key) == value for key, value in _NAMED[name].items())


def _bounds(field: Schema) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    above = field.get("exclusiveMinimum")
    if above is not None:
        return f" above {above:g}"
    if low is None and high is None:
        return ""
    return f", {low:g} to {high:g}" if low is not None and high is not None else f", at least {low or 0:g}"


def _core(schema: Schema) -> dict[str, Any]:
    return {key: schema[key] for key in ("type", "pattern", "anyOf") if key in schema}


def _named(kind: Any) -> dict[str, Any]:
    return _core(TypeAdapter(kind).json_schema())


_NAMED: dict[str, dict[str, Any]] = {
    "duration": _named(Duration),
    "share": _named(Share),
    "load": _named(Load),
    "moment": {"pattern": MOMENT},
    "instant": {"examples": TypeAdapter(PointInTime).json_schema()["examples"]},
}


def _title(name: str) -> str:
    return name.removesuffix("Spec")


def _first(text: str | None) -> str:
    return prose(text or "").split("\n\n", maxsplit=1)[0]
