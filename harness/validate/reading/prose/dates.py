"""Days of a year, times of day and time zones as people write them, in German and English."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, time

from harness.validate.reading.prose.quantities import MONTH

_PREFIXES = ("jan jän", "feb", "mar mär mrz", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez")
_NUMBERS = {prefix: number for number, prefixes in enumerate(_PREFIXES, 1) for prefix in prefixes.split()}
_VAGUE = (
    r"(?P<{0}vague>mid(?:dle of)?[- ]?|early |late |(?:the )?(?:beginning|start) of |(?:the )?end of |anfang |mitte "
    r"|ende )"
)
_DAY = (
    r"(?:(?P<{0}iso>(?P<{0}isoyear>20\d\d)-(?P<{0}isomonth>\d\d)-(?P<{0}isoday>\d\d))"
    r"|(?P<{0}dotday>\d{{1,2}})\.\s?(?P<{0}dotmonth>\d{{1,2}})\.(?P<{0}dotyear>20\d\d)?"
    r"|(?P<{0}before>\d{{1,2}})(?:\.|st|nd|rd|th)?\s?(?:of )?(?P<{0}bmonth>" + MONTH + r")\b\.?(?:,? (?P<{0}byear>20\d\d))?"
    r"|(?:"
    + _VAGUE
    + r")?(?P<{0}amonth>"
    + MONTH
    + r")\b\.?(?: (?:the )?(?P<{0}after>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[:.]\d))?"
    r"(?:,? (?P<{0}ayear>20\d\d))?)"
)
_JOIN = (
    r"(?:\s*(?:\([^)]*\))?,?\s*(?:-|–|—|to|until|till|through|bis(?: (?:zum|einschließlich|inkl\.))?|and"
    r"|und(?: dem)?)\s*(?:the |zum |dem )?)"
)
_TIME_BETWEEN = r"(?:,? ?(?:at |um |ab )?(?P<open>\d{1,2}(?::\d\d)(?: Uhr)?|\d{1,2} Uhr)?)"
RANGE = re.compile(
    rf"(?<![\w.])(?:{_DAY.format('a')}{_TIME_BETWEEN}{_JOIN}{_DAY.format('b')}"
    rf"|(?P<first>\d{{1,2}})\.?\s?{_JOIN}{_DAY.format('c')})(?:,? ?(?:at |um |, )?(?P<close>\d{{1,2}}(?::\d\d)(?: Uhr)?"
    rf"|\d{{1,2}} Uhr))?(?!\w)",
    re.IGNORECASE,
)
_ONE = re.compile(rf"(?<![\w.]){_DAY.format('d')}(?!\w)", re.IGNORECASE)
_CLOCK = (
    r"(?:(?P<{0}h>[01]?\d|2[0-4])[:.](?P<{0}m>[0-5]\d)(?: ?Uhr)?|(?P<{0}u>[01]?\d|2[0-4]) ?(?:Uhr|o'clock)"
    r"|(?P<{0}p>\d{{1,2}})(?::(?P<{0}pm>[0-5]\d))? ?(?P<{0}half>[ap])\.?m\.?)"
)
_HOURS = re.compile(
    r"(?<![\d.:-])(?:"
    + _CLOCK.format("a")
    + r"|(?P<bare>[01]?\d|2[0-4]))\s*(?:-|–|—|to|until|till|bis|and|und)\s*"
    + _CLOCK.format("b")
    + r"(?![\d.:]\d)",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"(?:open|opens|öffne[nt]|beginn(?:t|en)|start(?:s|et|en)?)\b(?:\W+\w+){0,3}?\W+(?:at|um|ab)\W+" + _CLOCK.format("a"),
    re.IGNORECASE,
)
_CLOSES = re.compile(
    r"(?:close|closes|schließ(?:t|en)|end(?:s|et|en)?)\b(?:\W+\w+){0,3}?\W+(?:at|um)\W+" + _CLOCK.format("a"), re.IGNORECASE
)
TIMEZONE = re.compile(r"\b(?:Europe|America|Asia|Africa|Australia|Pacific|Atlantic)/[A-Z]\w+(?:/\w+)?|\bUTC\b(?![+-])")
WORKDAYS = re.compile(
    r"\b(?:workdays?|working days|weekdays?|business days|werktag\w*|werktäglich|arbeitstag\w*|wochentags|mo(?:n(?:day"
    r"|tag)?)?\.?\s?(?:-|–|to|bis|through)\s?"
    r"fr(?:i(?:day)?|eitag)?)\b",
    re.IGNORECASE,
)
HOLIDAYS = re.compile(
    r"(?:except|but not|not|excluding|außer|nicht|ohne|ausgenommen)\W+(?:\w+\W+){0,3}?(?:public |bank )?(?:holidays"
    r"|feiertag\w*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of each year, or of `year`. `vague`: `mid March` rather than a number."""

    month: int
    day: int
    year: int | None = None
    vague: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """From a first to a last day, where a text says so; `opens` and `closes` where times stand right beside them."""

    start: int
    end: int
    first: Day
    last: Day
    opens: time | None = None
    closes: time | None = None


def ranges(text: str) -> list[Days]:
    """The stretches of days in a text."""
    found: list[Days] = []
    for match in RANGE.finditer(text):
        if match["cbmonth"] or match["camonth"] or match["cdotmonth"]:
            last = _day(match, "c", False)
            first = Day(last.month, int(match["first"]), last.year) if last and last.day and match["cbmonth"] else None
        else:
            first, last = _day(match, "a", False), _day(match, "b", True)
        if first is None or last is None or not (_exists(first) and _exists(last)):
            continue
        # A time behind the last day closes the season only where one behind the first day opens it.
        end = match.end() if match["open"] or not match["close"] else match.start("close")
        found.append(Days(match.start(), end, first, last, clock(match["open"]), clock(match["close"])))
    return found


def one_day(text: str, last: bool) -> Day | None:
    """The only day that a cell names; a month alone is its first or, with `last`, its last day."""
    found = list(_ONE.finditer(text))
    day = _day(found[0], "d", last) if len(found) == 1 else None
    return day if day is not None and _exists(day) else None


def hours(text: str) -> tuple[time, time] | None:
    """`06:00-22:00`, `von 6 bis 22 Uhr`, `6 am to 10 pm`, or opening and closing times; None unless there is one pair."""
    pairs = []
    for match in _HOURS.finditer(text):
        first = time(int(match["bare"]) % 24) if match["bare"] else _clock(match, "a")
        last = _clock(match, "b")
        if first is not None and last is not None:
            pairs.append((first, last))
    if not pairs:
        opens, closes = _OPENS.search(text), _CLOSES.search(text)
        if opens and closes:
            first, last = _clock(opens, "a"), _clock(closes, "a")
            if first is not None and last is not None:
                pairs.append((first, last))
    return pairs[0] if len(set(pairs)) == 1 else None


def clock(text: str | None) -> time | None:
    """One time of day: `06:00`, `6 Uhr`."""
    found = re.fullmatch(_CLOCK.format("a"), text.strip(), re.IGNORECASE) if text else None
    return _clock(found, "a") if found else None


def _clock(match: re.Match[str], name: str) -> time | None:
    if match[f"{name}p"]:
        hour = int(match[f"{name}p"]) % 12 + (12 if match[f"{name}half"].lower() == "p" else 0)
        return time(hour, int(match[f"{name}pm"] or 0)) if hour < 24 else None
    hour = int(match[f"{name}h"] or match[f"{name}u"])
    return time(hour % 24, int(match[f"{name}m"] or 0))


def _day(match: re.Match[str], name: str, last: bool) -> Day | None:
    def part(which: str) -> str:
        return match[name + which] or ""

    if part("iso"):
        return Day(int(part("isomonth")), int(part("isoday")), int(part("isoyear")))
    if part("dotday"):
        return Day(int(part("dotmonth")), int(part("dotday")), int(part("dotyear")) if part("dotyear") else None)
    if part("bmonth"):
        return Day(_month(part("bmonth")), int(part("before")), int(part("byear")) if part("byear") else None)
    month = _month(part("amonth"))
    if not month:
        return None
    year = int(part("ayear")) if part("ayear") else None
    if part("after"):
        return Day(month, int(part("after")), year)
    return _vague_day(part("vague").lower().strip(" -"), month, last, year)


def _vague_day(vague: str, month: int, last: bool, year: int | None) -> Day:
    end = monthrange(2027, month)[1]
    if vague.startswith(("mid", "mitte")):
        return Day(month, 15, year, True)
    if vague in ("anfang", "early") or "beginning" in vague or "start" in vague:
        return Day(month, 10 if last else 1, year, last)
    if vague in ("ende", "late") or "end" in vague:
        return Day(month, end if last else 20, year, not last)
    return Day(month, end if last else 1, year)


def _month(written: str) -> int:
    """1 to 12; 0 for what is no month: `may` and `march` in lower case are verbs."""
    return _NUMBERS.get(written.lower()[:3], 0) if written[:1].isupper() else 0


def _exists(day: Day) -> bool:
    return 1 <= day.month <= 12 and 1 <= day.day <= monthrange(2028, day.month)[1]


def one_date(text: str) -> date | None:
    """The only full date of a text, or None; `2026-03-01T10:00` counts as its day."""
    found = [day for match in _ONE.finditer(text) if (day := _day(match, "d", False)) is not None and day.year]
    try:
        return date(found[0].year or 1, found[0].month, found[0].day) if len(found) == 1 else None
    except ValueError:
        return None
