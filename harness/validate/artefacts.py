"""What was read from a repository, one type per thing, each with the nodes it was read from."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from harness.plan.promql import parse_duration
from harness.validate.text import Place, TextFile
from harness.validate.yamltree import Node


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A Kubernetes object of any kind. `namespace` is '' where the manifest names none."""

    kind: str
    api: str
    name: str
    namespace: str
    node: Node

    @property
    def place(self) -> Place:
        """Its name, or its first line."""
        named = self.node.get("metadata", "name")
        return named.place if named is not None else self.node.place

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return _strings(self.node.get("metadata", "labels"))

    @property
    def annotations(self) -> dict[str, str]:
        """Its annotations."""
        return _strings(self.node.get("metadata", "annotations"))


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """An alerting rule (`alert` set) or a recording rule (`record` set) of Prometheus.

    `interval`: the group's, None where it leaves it to Prometheus. `expression`: the node of `expr`.
    """

    alert: str
    record: str
    group: str
    interval: timedelta | None
    node: Node
    expression: Node

    @property
    def name(self) -> str:
        """The alert's or the record's name."""
        return self.alert or self.record

    @property
    def place(self) -> Place:
        """Its name."""
        named = self.node.get("alert") or self.node.get("record")
        return named.place if named is not None else self.node.place

    @property
    def expr(self) -> str:
        """The PromQL."""
        return self.expression.text

    @property
    def labels(self) -> dict[str, str]:
        """Labels the rule adds."""
        return _strings(self.node.get("labels"))

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of the rule."""
        return _strings(self.node.get("annotations"))

    def within(self, start: int, end: int) -> Place:
        """The place of a stretch of the expression, cut at the end of its first line."""
        line = self.expr[start:end].split("\n")[0].rstrip()
        return self.expression.within(start, start + len(line))

    @property
    def waits(self) -> timedelta:
        """`for`; zero where there is none or where it is no duration (another rule says so)."""
        try:
            return parse_duration(self.node.string("for") or "0s")
        except ValueError:
            return timedelta()


@dataclass(frozen=True, slots=True, eq=False)
class Alertmanager:
    """A configuration of Alertmanager: a map with `route` and `receivers`."""

    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Prometheus:
    """A configuration of Prometheus: a map with `scrape_configs` or `global` and `rule_files`."""

    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """A rehearsal of ours: `runbook` and `phases` are its marks."""

    node: Node
    name: str
    season: str
    runbook: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. `anchors`: what links may call it, by each way of making slugs: {"github": ..., "mkdocs": ...}."""

    level: int
    text: str
    anchors: dict[str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, a list item or a table's cell as plain text, and the headings above it, outermost first.

    `where`: prose, item, cell or heading. `row`: for a cell, the texts of its row; `header`: those of its table's header
    (none for a cell of the header itself). `number`: of a step in an ordered list, else 0. `runs`: (offset in `text`,
    offset in `file`) of its pieces, in order. `codes`: the stretches of `text` that are inline code.
    """

    text: str
    place: Place
    headings: tuple[Heading, ...]
    where: str = "prose"
    header: tuple[str, ...] = ()
    row: tuple[str, ...] = ()
    column: int = 0
    number: int = 0
    file: TextFile | None = field(default=None, repr=False, compare=False)
    runs: tuple[tuple[int, int], ...] = field(default=(), repr=False, compare=False)
    codes: tuple[tuple[int, int], ...] = ()

    def at(self, start: int, end: int) -> Place:
        """The place of `text[start:end]`."""
        if self.file is None or not self.runs:
            return self.place
        first, last = (self._offset(at) for at in (start, max(end - 1, start)))
        return self.file.place(first, last + 1)

    def _offset(self, at: int) -> int:
        plain, source = self.runs[max(bisect_right(self.runs, (at, 1 << 60)) - 1, 0)]
        return source + at - plain


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its info string, and its content as a text that knows its place."""

    info: str
    content: TextFile
    place: Place
    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A stretch of inline code."""

    text: str
    place: Place
    headings: tuple[Heading, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image: where it leads, as written."""

    target: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class MarkdownPage:
    """A Markdown file. `front`: its YAML front matter. `runbook`: whether it reads like a runbook."""

    file: TextFile
    title: str
    headings: tuple[Heading, ...]
    sentences: tuple[Sentence, ...]
    fences: tuple[Fence, ...]
    codes: tuple[Code, ...]
    links: tuple[Link, ...]
    front: Node | None = None
    runbook: bool = False
    anchors: frozenset[str] = frozenset()
    """Anchors that are written out: `<a id=…>` and `{#…}`."""


@dataclass(frozen=True, slots=True, eq=False)
class SqlFile:
    """A file of SQL statements."""

    file: TextFile


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An event of an iCalendar file: its first and its last day, and the times where it has any.

    `yearly`: it comes back each year. `daily`: its times hold on each of its days. `workdays`: Monday to Friday only.
    """

    summary: str
    first: date
    last: date
    place: Place
    opens: time | None = None
    closes: time | None = None
    yearly: bool = False
    daily: bool = False
    workdays: bool = False
    timezone: str = ""
    territories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a document in it, that is not looked at, and why."""

    place: Place
    why: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file, or a document in it, that cannot be read: what is wrong and how to mend it. Rule IN001 tells of it."""

    place: Place
    says: str
    mend: str


@dataclass(slots=True, eq=False)
class Found:
    """What reading collects, file by file; `Estate` is made of it."""

    things: list[Thing] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    alertmanagers: list[Alertmanager] = field(default_factory=list)
    prometheuses: list[Prometheus] = field(default_factory=list)
    rehearsals: list[Rehearsal] = field(default_factory=list)
    pages: list[MarkdownPage] = field(default_factory=list)
    sql: list[SqlFile] = field(default_factory=list)
    calendar: list[CalendarEntry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    files: list[TextFile] = field(default_factory=list)


def _strings(node: Node | None) -> dict[str, str]:
    found: dict[str, Any] = {key.text: value.text for key, value in node.items()} if node is not None else {}
    return found
