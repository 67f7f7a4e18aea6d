"""Manifests against what Kubernetes and KEDA accept (harness/validate/schemas), and errors as places in the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, nearest
from harness.validate.text import Place
from harness.validate.yamltree import Node

SCHEMAS = Path(__file__).with_name("schemas")
_PLACEHOLDER = re.compile(
    r"\$\{|\$\(|\{\{|^\$[A-Za-z_]|^<.*>$|^__\w+__$|^%\w+%$|^@\w+@$|^(?:REPLACE|CHANGE|TODO|YOUR)[\w -]*$"
)
_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
}
_WORDS |= {"object": "a map"}


class Trouble(Enum):
    """Of what kind an error is."""

    UNKNOWN = "unknown field"
    MISSING = "missing field"
    VALUE = "wrong type or value"


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of the schema. `says`: a sentence without its full stop; `near`: the field that was probably meant."""

    trouble: Trouble
    place: Place
    field: str
    says: str
    near: str = ""


@lru_cache(maxsize=2)
def problems(estate: Estate) -> tuple[tuple[Thing, tuple[Problem, ...]], ...]:
    """Every object whose kind is known and that does not fit its schema, with what is wrong."""
    found = ((thing, tuple(_check(thing))) for thing in estate.found.things)
    return tuple((thing, wrong) for thing, wrong in found if wrong)


@cache
def versions() -> dict[str, str]:
    """Which versions the schemas were taken from: keda, kubernetes."""
    return dict(_manifests()["versions"])


@cache
def _manifests() -> dict[str, Any]:
    return dict(json.loads((SCHEMAS / "manifests.json").read_text(encoding="utf-8")))


@cache
def _validator(api: str, kind: str) -> Draft7Validator | None:
    manifests = _manifests()
    root = manifests["roots"].get(f"{api} {kind}")
    return Draft7Validator(_resolved(root)) if root else None


@cache
def _resolved(name: str) -> dict[str, Any]:
    """A definition with its references replaced by what they refer to, shared rather than copied: none is recursive."""
    return dict(_expand(_manifests()["definitions"][name]))


def _expand(schema: Any) -> Any:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            return _resolved(schema["$ref"])
        return {key: _expand(value) for key, value in schema.items()}
    return [_expand(item) for item in schema] if isinstance(schema, list) else schema


def _check(thing: Thing) -> Iterator[Problem]:
    validator = _validator(thing.api, thing.kind)
    if validator is None:
        return
    try:
        value = _plain(thing.node.value)
    except ValueError:
        return
    value.pop("status", None)
    for error in validator.iter_errors(value):
        yield from _problems(thing, error)


def _plain(value: Any) -> Any:
    """As the API server reads it: nothing for null, times as text. A bare `{{ .Name }}` is a map in a map."""
    if isinstance(value, dict):
        if len(value) == 1 and str(next(iter(value))).startswith("{"):
            return "{{ }}"
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value if item is not None]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _problems(thing: Thing, error: ValidationError) -> Iterator[Problem]:
    path = [part for part in error.absolute_path if isinstance(part, str | int)]
    node = _node(thing.node, path)
    where = _written(path)
    if error.validator == "additionalProperties":
        yield from _unknown(thing, node, error, where)
    elif error.validator == "required":
        for name in _wanted(error):
            if name not in _instance(error):
                says = f"{where or thing.kind} needs `{name}`"
                yield Problem(Trouble.MISSING, _head(thing.node, path).place, name, says)
    elif not _open(error.instance):
        yield Problem(Trouble.VALUE, node.place, str(path[-1]) if path else "", _says(error, where))


def _instance(error: ValidationError) -> Any:
    return error.instance


def _wanted(error: ValidationError) -> Any:
    return error.validator_value


def _unknown(thing: Thing, node: Node, error: ValidationError, where: str) -> Iterator[Problem]:
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    if isinstance(error.validator_value, dict):
        return  # A map of anything, whose values are told about one by one.
    for name in _instance(error):
        if name not in known and not name.startswith("$") and not _open(name):
            key = node.key(name)
            says = f"{where or thing.kind} has no field `{name}`"
            yield Problem(Trouble.UNKNOWN, (key or node).place, name, says, nearest(name, known))


def _says(error: ValidationError, where: str) -> str:
    value, wanted = _instance(error), _wanted(error)
    shown = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, dict | list):
        shown = "a map" if isinstance(value, dict) else "a list"
    if error.validator == "type":
        return f"`{where}` has to be {_WORDS.get(str(wanted), wanted)}, not {shown}{_kind(value, wanted)}"
    if error.validator == "enum":
        return f"`{where}` has to be one of {', '.join(map(str, wanted))}, not {shown}"
    if error.validator in ("minimum", "maximum"):
        return f"`{where}` has to be at {'least' if error.validator == 'minimum' else 'most'} {wanted}, not {shown}"
    if error.validator in ("minItems", "minLength"):
        return f"`{where}` must not be empty"
    return f"`{where}` cannot be {shown}"


def _kind(value: Any, wanted: Any) -> str:
    if isinstance(value, str) and wanted in ("integer", "number", "boolean"):
        return " (text in quotes)" if value else " (an empty text)"
    if wanted == "string" and isinstance(value, bool | int | float):
        return f" (a {'truth value' if isinstance(value, bool) else 'number'}: it lacks its quotes)"
    return ""


def _open(value: Any) -> bool:
    """Whether a value is filled in later, by envsubst and the like."""
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None


def _node(root: Node, path: list[str | int]) -> Node:
    node = root
    for part in path:
        following = node.get(part)
        if following is None:
            break
        node = following
    return node


def _head(root: Node, path: list[str | int]) -> Node:
    """What to point at for a whole map: its key, where it has one."""
    last = path[-1] if path else None
    key = _node(root, path[:-1]).key(last) if isinstance(last, str) else None
    return key or _node(root, path)


def _written(path: list[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
