"""What a runbook promises, as values: read out of prose, tables and `yaml expect` blocks alike.

Every promise says where it stands, the sentence it was read from, what was understood, and how sure the reading is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from harness.validate.finding import Confidence
from harness.validate.text import Place

_EVERY = re.compile(r"\b(?:every|each|all|alle[rnsm]?|jede[rsnm]?)\b", re.IGNORECASE)


class Measure(StrEnum):
    """What a threshold is about, where it is not one metric by name."""

    LATENCY = "latency"
    ERRORS = "error rate"
    AVAILABILITY = "availability"
    LAG = "lag"
    QUEUE = "queue fill"
    DEPTH = "queue depth"
    CPU = "cpu"
    MEMORY = "memory"
    CONNECTIONS = "connections"
    RESTARTS = "restarts"
    REQUESTS = "requests per second"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a base unit: `s`, `ratio` (0..1; 70 % is 0.7), `bytes`, `1/s` or `count`. `written`: as it stands."""

    value: float
    unit: str
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Anything that was read. `headings`: texts of the headings above, outermost first."""

    place: Place
    sentence: str
    headings: tuple[str, ...] = ()
    confidence: Confidence = Confidence.LIKELY

    def understood(self) -> str:
        """What was understood, as a sentence without its full stop."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Promise):
    """A limit. `comparison` (<, <=, >, >=) with `good=True` says what has to hold, with `good=False` when it is bad.

    `metric`: a metric's name where one was written; `percentile`: 0.95 for p95; `window`: "for 2 min"; `alerts`: alerts
    named beside it; `level`: warning, critical ... where the page tells levels apart.
    """

    measure: Measure
    comparison: str
    limit: Quantity
    good: bool
    metric: str = ""
    percentile: float | None = None
    component: str = ""
    territory: str = ""
    window: timedelta | None = None
    alerts: tuple[str, ...] = ()
    level: str = ""

    def understood(self) -> str:
        what = self.metric or self.measure.value
        if self.percentile is not None:
            what = f"p{self.percentile * 100:g} {what}"
        of = " ".join(part for part in (self.component, self.territory) if part)
        verb = "must stay" if self.good else "is bad when"
        lasting = f" for {self.window.total_seconds():g} s" if self.window else ""
        return f"{what}{' of ' + of if of else ''} {verb} {self.comparison} {self.limit.written}{lasting}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Season(Promise):
    """A season's days, first and last included, each year (it may pass its end); `year` where one is named.

    `opens`, `closes`: times of day, of each day where `daily`, else of the first and the last day; `workdays`: Monday to
    Friday only; `holidays`: True where holidays are left out too.
    """

    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    year: int | None = None
    opens: time | None = None
    closes: time | None = None
    workdays: bool = False
    daily: bool = False
    holidays: bool = False
    timezone: str = ""
    territories: tuple[str, ...] = ()

    def understood(self) -> str:
        first, last = (f"{day} {_MONTHS[month - 1]}" for month, day in (self.first, self.last))
        hours = f", {self.opens:%H:%M} to {self.closes:%H:%M}" if self.opens and self.closes else ""
        return f"{self.name or 'the season'} lasts from {first} to {last}{hours}{', on workdays' if self.workdays else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Promise):
    """Pods a workload is to have. `workload`: a name, or '' with `component` and `territory`. `lead`: how long before it.

    `within`: by when after `cause` (window, load, fault; '' where it is not said); `down`: about scaling down.
    """

    season: str = ""
    workload: str = ""
    component: str = ""
    territory: str = ""
    usual: int | None = None
    wanted: int | None = None
    within: timedelta | None = None
    cause: str = ""
    lead: timedelta | None = None
    down: bool = False

    def understood(self) -> str:
        who = self.workload or " ".join(part for part in (self.component, self.territory) if part)
        who = who or ("every workload" if _EVERY.search(self.sentence) else "a workload")
        step = f" {self.wanted} pods" if self.wanted else " its pods"
        if self.usual is not None:
            step = f" {self.usual} to {self.wanted} pods"
        when = f" within {self.within.total_seconds():g} s" if self.within else ""
        early = f", {self.lead.total_seconds() / 3600:g} h before" if self.lead else ""
        season = f" in {self.season}" if self.season else ""
        return f"{who} {'scales down to' if self.down else 'has'}{step}{when}{early}{season}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(Promise):
    """Somebody knows or acts within a time of the cause. `alert`: '' for every alert under the headings."""

    within: timedelta
    alert: str = ""

    def understood(self) -> str:
        return f"{self.alert or 'an alert'} reaches people within {self.within.total_seconds():g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak(Promise):
    """How long a peak lasts."""

    lasts: timedelta

    def understood(self) -> str:
        return f"a peak lasts {self.lasts.total_seconds():g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLevel(Promise):
    """The severity that a page gives an alert."""

    alert: str
    level: str

    def understood(self) -> str:
        return f"{self.alert} has severity {self.level}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stabilisation(Promise):
    """How long an autoscaler waits before it scales down."""

    least: timedelta
    workload: str = ""

    def understood(self) -> str:
        return f"scaling down waits at least {self.least.total_seconds():g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prewarm(Promise):
    """Pods are warm before they get traffic. `takes`: how long warming lasts, where it is said."""

    workload: str = ""
    takes: timedelta | None = None

    def understood(self) -> str:
        return f"pods{' of ' + self.workload if self.workload else ''} are warm before they get traffic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention(Promise):
    """A name that has to exist.

    `kind`: alert, metric, deployment, statefulset, scaledobject, hpa, service, function, channel or table.
    """

    kind: str
    name: str

    def understood(self) -> str:
        article = "an" if self.kind[0] in "aeh" else "a"
        return f"there is {article} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected(Promise):
    """An expectation of a `yaml expect` block, by its id: a rehearsal can judge it."""

    id: str
    kind: str

    def understood(self) -> str:
        return f"a rehearsal judges '{self.id}' ({self.kind})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Promise):
    """A command to type. `language`: bash, promql or sql. `indented`: whether all lines begin in the first one's column."""

    language: str
    text: str
    indented: bool = True

    def understood(self) -> str:
        return f"one types ({self.language}): {self.text.splitlines()[0] if self.text else ''}"


def line_of(command: Command, row: int, word: str = "") -> Place:
    """A line of a command, counted from 0, or the first place of a word in the command from that line on."""
    rows = command.text.split("\n")
    row = min(row, max(len(rows) - 1, 0))
    for at in range(row, len(rows)) if word else ():
        if (column := rows[at].find(word)) >= 0:
            row = at
            break
    else:
        column = -1
    first = command.place.column if row == 0 or command.indented else 1
    if column >= 0:
        return Place(command.place.path, command.place.line + row, first + column, first + column + len(word))
    if row == 0:
        return command.place
    return Place(command.place.path, command.place.line + row, first, first + len(rows[row]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed(Promise):
    """When the page was last looked over."""

    on: date

    def understood(self) -> str:
        return f"the page was reviewed on {self.on.isoformat()}"


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
