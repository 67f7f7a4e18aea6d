"""YAML as nodes that know their place. Nothing is expanded before it is asked for, so an alias bomb stays small."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from harness.validate.text import Place, TextFile

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.SafeLoader("")
MOST_VALUES = 20_000
"""So many values a node may hold when it is turned into plain data; more is refused: an alias bomb, or no artefact."""
MOST_DEPTH = 200
"""Deeper YAML is refused before it is composed: the C library recurses, and would end the process."""
MOST_BRACKETS = 2_000
"""So many brackets cannot end the process, however they are nested."""
MOST_EXPANDED = 200_000
"""So many nodes a document may have once its aliases are followed."""
_OPENED = re.compile(r"[\[\]{}]")
_PREFIX = re.compile(r"^[ ?:-]*", re.MULTILINE)
_ALIAS = re.compile(r"(?:^|[\s\[,:-])\*[^\s*]", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A YAML node in its file."""

    file: TextFile
    raw: yaml.Node

    @property
    def is_map(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.raw, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether it has items."""
        return isinstance(self.raw, yaml.SequenceNode)

    @property
    def text(self) -> str:
        """The scalar as text, as it was written but for quotes; '' for maps and lists."""
        return str(self.raw.value) if isinstance(self.raw, yaml.ScalarNode) else ""

    @property
    def value(self) -> Any:
        """As plain data. Raises ValueError where it holds more than MOST_VALUES."""
        return _plain(self.raw, [MOST_VALUES])

    @property
    def place(self) -> Place:
        """Where it stands: a scalar's whole stretch on its first line, the first line of anything else."""
        mark, end = self.raw.start_mark, self.raw.end_mark
        return self.file.at(mark.line, mark.column, end.column if end.line == mark.line else None)

    def get(self, *path: str | int) -> Node | None:
        """The node down a path of keys and indices, or None; merge keys (`<<`) are followed."""
        node: yaml.Node | None = self.raw
        for part in path:
            if isinstance(part, int):
                items = node.value if isinstance(node, yaml.SequenceNode) else []
                node = items[part] if -len(items) <= part < len(items) else None
            else:
                node = _value_of(node, part)
            if node is None:
                return None
        return Node(self.file, node) if node is not None else None

    def string(self, *path: str | int) -> str:
        """The text down a path; '' where there is none."""
        found = self.get(*path)
        return found.text if found is not None else ""

    def key(self, name: str) -> Node | None:
        """The key itself rather than its value, to point at."""
        if isinstance(self.raw, yaml.MappingNode):
            for key, _ in self.raw.value:
                if isinstance(key, yaml.ScalarNode) and key.value == name:
                    return Node(self.file, key)
        return None

    def items(self) -> Iterator[tuple[Node, Node]]:
        """Keys and values of a map; none of anything else."""
        if isinstance(self.raw, yaml.MappingNode):
            for key, value in self.raw.value:
                yield Node(self.file, key), Node(self.file, value)

    def __iter__(self) -> Iterator[Node]:
        """The items of a list; none of anything else."""
        if isinstance(self.raw, yaml.SequenceNode):
            for item in self.raw.value:
                yield Node(self.file, item)

    def within(self, start: int, end: int) -> Place:
        """The place of `text[start:end]` of a scalar in the file: block scalars and quotes are taken into account."""
        mark = self.raw.start_mark
        style = getattr(self.raw, "style", None)
        text = self.text
        if style == "|":
            row = text.count("\n", 0, start)
            column = start - (text.rfind("\n", 0, start) + 1)
            rows = self.file.lines
            line = mark.line + 1 + row
            indent = len(rows[line]) - len(rows[line].lstrip(" ")) if line < len(rows) else 0
            written = text.splitlines()[row] if row < len(text.splitlines()) else ""
            indent -= len(written) - len(written.lstrip(" "))
            return self.file.at(line, indent + column, indent + column + max(end - start, 1))
        if mark.line == self.raw.end_mark.line:
            column = mark.column + (1 if style in ("'", '"') else 0)
            return self.file.at(mark.line, column + start, column + max(end, start + 1))
        return self._searched(text[start:end].split("\n")[0].strip(), start)

    def block(self) -> TextFile:
        """The text of a block scalar (`|`) as a text of its own that knows its place in the file."""
        first = self.within(0, 1)
        return TextFile(self.file.path, self.text, first.line, first.column - 1, self.file.whole or self.file)

    def _searched(self, needle: str, start: int) -> Place:
        """A piece of a folded scalar: the n-th occurrence of its text between the scalar's marks."""
        before = self.text[:start].count(needle) if needle else 0
        for row in range(self.raw.start_mark.line, min(self.raw.end_mark.line + 1, len(self.file.lines))):
            line, at = self.file.lines[row], -1
            while needle and (at := line.find(needle, at + 1)) >= 0:
                if before == 0:
                    return self.file.at(row, at, at + len(needle))
                before -= 1
        return self.place


class Refused(yaml.MarkedYAMLError):
    """YAML that could not be worked with, however valid: nested too deeply, an alias bomb or circle."""

    def __init__(self, problem: str, mark: Any) -> None:
        super().__init__(problem=problem, problem_mark=mark)


def documents(file: TextFile) -> Iterator[Node]:
    """The YAML documents of a text. Raises yaml.YAMLError, also for what is nested too deeply and for alias bombs."""
    _refuse_depth(file.text)
    aliased = "&" in file.text and _ALIAS.search(file.text) is not None
    loader = _Loader(file.text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                if aliased:
                    _refuse_bomb(node)
                yield Node(file, node)
    finally:
        loader.dispose()


def _refuse_depth(text: str) -> None:
    """Raises a YAMLError where the nesting passes MOST_DEPTH.

    Counting events takes as long as parsing, so it is done only where brackets and indents could nest that deep; quotes may
    hide brackets from a quick count, which is trusted only where there are too few to end the process.
    """
    flow = text.count("[") + text.count("{")
    deep = max(map(len, _PREFIX.findall(text))) > MOST_DEPTH or flow > MOST_BRACKETS
    if not deep and (flow <= MOST_DEPTH or _quick_depth(text) <= MOST_DEPTH):
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise Refused(f"it is nested deeper than {MOST_DEPTH} levels", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _quick_depth(text: str) -> int:
    depth = deepest = 0
    for match in _OPENED.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest


def _refuse_bomb(root: yaml.Node) -> None:
    """Raises a YAMLError where aliases lead in a circle, or expand to more than MOST_EXPANDED nodes."""
    sizes: dict[int, int] = {}
    above: set[int] = set()
    work = [(root, False)]
    while work:
        node, done = work.pop()
        children = _children(node)
        if done:
            above.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
            if sizes[id(node)] > MOST_EXPANDED:
                raise Refused(f"its aliases expand to more than {MOST_EXPANDED} values", node.start_mark)
        elif id(node) in above:
            raise Refused("an alias leads back to itself", node.start_mark)
        elif id(node) not in sizes:
            above.add(id(node))
            work.append((node, True))
            work.extend((child, False) for child in children)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [one for pair in node.value for one in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _value_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    merged: yaml.Node | None = None
    for name, value in node.value:
        if isinstance(name, yaml.ScalarNode):
            if name.value == key:
                return value  # type: ignore[no-any-return]
            if name.value == "<<" and merged is None:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    merged = merged or _value_of(source, key)
    return merged


def _plain(node: yaml.Node, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"holds more than {MOST_VALUES} values")
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key, value in node.value:
            if key.value == "<<" and isinstance(value, yaml.MappingNode):
                found = {**_plain(value, left), **found}
            else:
                name = _plain(key, left)
                found[name if isinstance(name, str | int | float | bool) else str(name)] = _plain(value, left)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, left) for item in node.value]
    construct = yaml.SafeLoader.yaml_constructors.get(node.tag)
    try:
        return construct(_SCALARS, node) if construct else node.value
    except (yaml.YAMLError, ValueError):
        return node.value
