"""YAML as a person wrote it: values together with the line each stands on, so that every error names its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from harness.errors import BadInput, Position, Problem

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Located:
    """A YAML document and the line of every key and item in it, by path from the root."""

    path: Path
    value: Any
    lines: Mapping[Loc, int]

    def position(self, loc: Loc) -> Position:
        """Where `loc` stands; where it is missing, its nearest parent."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return Position(self.path, self.lines.get(loc, 1))


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, which plain YAML would silently drop."""


def read_text(path: Path) -> str:
    """The file's text. Raises BadInput where it is missing, unreadable or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}; check the path.") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder; name a file in it.") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None


def parse_yaml(text: str, path: Path, first_line: int = 1) -> Located:
    """Parse one YAML document whose first line is `first_line` of `path`. Raises BadInput with the position."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Loc, int] = {}
        problems: list[Problem] = []
        if node is not None:
            _walk(node, (), lines, problems, path, first_line)
        if problems:
            raise BadInput(problems)
        value = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise BadInput([Problem(f"This is not valid YAML: {error.problem}", Position(path, line))]) from None
    except yaml.YAMLError as error:
        raise BadInput([Problem(f"This is not valid YAML: {error}", Position(path, first_line))]) from None
    finally:
        loader.dispose()
    return Located(path, value, lines)


def load_yaml(path: Path) -> Located:
    """Read and parse a YAML file. Raises BadInput."""
    return parse_yaml(read_text(path), path)


def _walk(node: yaml.Node, loc: Loc, lines: dict[Loc, int], problems: list[Problem], path: Path, first_line: int) -> None:
    lines.setdefault(loc, first_line + node.start_mark.line)
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = key_node.value
            line = first_line + key_node.start_mark.line
            if (*loc, key) in lines and key != "<<":
                problems.append(Problem(f"The key '{key}' is given twice; keep one", Position(path, line)))
            lines[(*loc, key)] = line
            _walk(value_node, (*loc, key), lines, problems, path, first_line)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*loc, index), lines, problems, path, first_line)


def build(model: type[Model], located: Located) -> Model:
    """Validate a document against a pydantic model. Raises BadInput with one Problem, with its line, per error."""
    if not isinstance(located.value, dict):
        raise BadInput([Problem("Expected keys and values, found something else", located.position(()))])
    try:
        return model.model_validate(located.value)
    except ValidationError as error:
        raise BadInput(problems_of(error, model, located)) from None


def problems_of(error: ValidationError, model: type[BaseModel], located: Located) -> list[Problem]:
    """A pydantic error as sentences with positions, one per fault."""
    problems = []
    for fault in error.errors():
        loc = tuple(fault["loc"])
        name = ".".join(str(part) for part in loc) or "the document"
        kind, message = fault["type"], fault["msg"]
        if kind == "extra_forbidden":
            near = get_close_matches(str(loc[-1]), _field_names(model, loc[:-1]), n=1)
            text = f"Unknown key '{name}'" + (f"; did you mean '{near[0]}'?" if near else "; remove it")
        elif kind == "missing":
            text = f"'{name}' is missing; add it"
        elif kind == "value_error":
            text = f"'{name}': {message.removeprefix('Value error, ')}"
        else:
            text = f"'{name}': {message[0].lower()}{message[1:]}, got {fault['input']!r}"
        problems.append(Problem(text, located.position(loc)))
    return problems


def _field_names(model: type[BaseModel], loc: Loc) -> list[str]:
    current: Any = model
    for part in loc:
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            return []
        field = current.model_fields.get(str(part))
        if field is None:
            continue
        arguments = getattr(field.annotation, "__args__", ())
        current = next((arg for arg in (field.annotation, *arguments) if _is_model(arg)), None)
    if not _is_model(current):
        return []
    return [field.alias or name for name, field in current.model_fields.items()]


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)
