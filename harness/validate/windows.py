"""The cron windows of ScaledObjects and ScaledJobs: their places, what KEDA makes of them, the comments beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import yaml

from harness.calendar.coverage import Coverage, coverage, year_span
from harness.calendar.window import CronTrigger, read_trigger
from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.text import Place
from harness.validate.yamltree import Node

_COMMENT = re.compile(r"(?:^|\s)#(?P<text>.*)$")
_PLACEHOLDER = re.compile(
    r"\{\{|\$[{(]|<[A-Za-z_ -]+>|\b(?:TODO|CHANGEME)\b|^[A-Z]+_[A-Z_]+$|^%|^@\w+@$|^(?:CRON_)?TZ=|^Local$"
)
_KEYS = ("timezone", "start", "end", "desiredReplicas")


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment beside a window, or a note about its object."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A cron trigger of an object.

    `pair`: as KEDA evaluates it, None where KEDA refuses it; then `refused` says why and `fault` where. Both are empty for
    a trigger with placeholders in it, of which nothing is known.
    """

    thing: Thing
    node: Node
    name: str
    pair: CronTrigger | None
    refused: str
    fault: Place
    remarks: tuple[Remark, ...]

    def part(self, key: str) -> Place:
        """Where `start`, `end`, `timezone` or `desiredReplicas` stands; the trigger where it is missing."""
        found = self.node.get("metadata", key)
        return found.place if found is not None else self.node.place

    @property
    def titled(self) -> Place:
        """Its name, or the trigger where it has none."""
        named = self.node.get("name")
        return named.place if named is not None else self.node.place

    @property
    def label(self) -> str:
        """For sentences: the window 'oktoberfest' of crm-queries-de."""
        named = f" '{self.name}'" if self.name else ""
        return f"the window{named} of {self.thing.name or 'this object'}"

    @property
    def subject(self) -> str:
        """The label as the beginning of a sentence."""
        return self.label.replace("the", "The", 1)

    def days_in(self, days: frozenset[date], timezone: str) -> frozenset[date]:
        """Those of some days on which it is open."""
        return days & self.cover(*year_span(min(days), max(days), timezone)).days(timezone)

    def cover(self, since: int, until: int) -> Coverage:
        """The minutes of [since, until) in which it is open; none where KEDA refuses it."""
        return coverage(self.pair.start, self.pair.end, since, until) if self.pair else Coverage()


@lru_cache(maxsize=4)
def windows(estate: Estate) -> tuple[Window, ...]:
    """Every cron trigger that was read."""
    return tuple(window for thing in estate.things("ScaledObject", "ScaledJob") for window in _windows_of(thing))


@lru_cache(maxsize=4)
def windows_by_thing(estate: Estate) -> tuple[tuple[Thing, tuple[Window, ...]], ...]:
    """The windows of each object that has one."""
    found: dict[Thing, list[Window]] = {}
    for window in windows(estate):
        found.setdefault(window.thing, []).append(window)
    return tuple((thing, tuple(ones)) for thing, ones in found.items())


def horizon(settings: Settings) -> tuple[date, date]:
    """The first and the last day that is looked at: a calendar year, or the coming twelve months."""
    if settings.year is not None:
        return date(settings.year, 1, 1), date(settings.year, 12, 31)
    return settings.today, settings.today + timedelta(days=364)


def horizon_minutes(settings: Settings, timezone: str) -> tuple[int, int]:
    """The same as minutes since the epoch in a zone, the end excluded."""
    return year_span(*horizon(settings), timezone)


def is_seasonal(window: Window) -> bool:
    """Whether its expressions name a month or a day of the month: not something that comes every week."""
    if window.pair is None:
        return False
    _, _, _, months, _ = window.pair.start.values()
    return len(months) < 12


def _windows_of(thing: Thing) -> Iterator[Window]:
    triggers = [
        trigger for trigger in thing.node.get("spec", "triggers") or () if trigger.string("type").strip().lower() == "cron"
    ]
    for trigger in triggers:
        remarks = tuple(_comments(trigger))
        if len(triggers) == 1:
            remarks += tuple(_notes(thing))
        yield _window(thing, trigger, remarks)


def _window(thing: Thing, trigger: Node, remarks: tuple[Remark, ...]) -> Window:
    texts = {key: trigger.string("metadata", key).strip() for key in _KEYS}
    pair, refused, fault = None, "", trigger.place
    if not any(_PLACEHOLDER.search(text) for text in texts.values()):
        name = trigger.string("name")
        try:
            pair = read_trigger({"name": name, "metadata": texts})
        except ValueError as error:
            refused, fault = str(error), _fault(trigger, texts)
    return Window(thing, trigger, trigger.string("name"), pair, refused, fault, remarks)


def _fault(trigger: Node, texts: dict[str, str]) -> Place:
    """The value that KEDA stumbles over: the one without which the rest would be fine."""
    fine = {"start": "0 6 1 9 *", "end": "0 22 15 10 *", "timezone": "UTC", "desiredReplicas": "1"}
    for key in _KEYS:
        node = trigger.get("metadata", key)
        if node is None or not texts[key]:
            continue
        other = {"start": "1 1 1 1 *"} if key == "end" else {"end": "1 1 1 1 *"} if key == "start" else {}
        try:
            read_trigger({"metadata": {**fine, **other, key: texts[key]}})
        except ValueError:
            return node.place
    kind = trigger.get("type")
    return kind.place if kind is not None else trigger.place


def _comments(trigger: Node) -> Iterator[Remark]:
    """Comments on the lines of a trigger, and those that stand directly above it."""
    lines, first = trigger.file.lines, trigger.raw.start_mark.line
    above = first - 1
    while above >= 0 and lines[above].lstrip().startswith("#"):
        above -= 1
    for row in range(above + 1, min(_last_line(trigger.raw) + 1, len(lines))):
        if "#" in lines[row] and (match := _COMMENT.search(lines[row])):
            yield Remark(match["text"].strip(), trigger.file.at(row, match.start("text") - 1))


def _notes(thing: Thing) -> Iterator[Remark]:
    """What annotations say in words."""
    annotations = thing.node.get("metadata", "annotations")
    for key, value in annotations.items() if annotations is not None else ():
        if any(word in key.text.lower() for word in ("description", "note", "comment", "purpose", "summary")):
            yield Remark(value.text, value.place)


def _last_line(node: yaml.Node) -> int:
    """The last line of what a node really holds: a block's own end mark stands at whatever follows it."""
    if isinstance(node, yaml.MappingNode) and node.value:
        return max(_last_line(node.value[-1][1]), int(node.value[-1][0].end_mark.line))
    if isinstance(node, yaml.SequenceNode) and node.value:
        return _last_line(node.value[-1])
    return int(node.end_mark.line)
