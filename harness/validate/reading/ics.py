"""iCalendar: events as entries with their line; whole days and times, DTEND excluded, yearly and daily repetition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from icalendar import Event

from harness.calendar.cron import zone
from harness.validate.artefacts import CalendarEntry, Found, Skipped, Unreadable
from harness.validate.finding import Confidence
from harness.validate.promises import Season
from harness.validate.text import Place, TextFile

MOST_EVENTS = 3_000
"""More events are no calendar of seasons."""

_WORKDAYS = {"MO", "TU", "WE", "TH", "FR"}
_TERRITORY = re.compile(r"\b(?:DE|CH|AT)\b")


def read_calendar(text: TextFile, found: Found) -> None:
    """Every event of a calendar into `found`; cancelled ones are left out."""
    zone_name = re.search(r"^X-WR-TIMEZONE:(\S+)", text.text, re.MULTILINE | re.IGNORECASE)
    for number, (row, block) in enumerate(_events(text, found)):
        if number >= MOST_EVENTS:
            found.skipped.append(Skipped(text.at(row), f"only the first {MOST_EVENTS} events of a calendar are read"))
            return
        try:
            entry = _entry(block, _summary_place(text, row, block), zone_name[1] if zone_name else "")
        except Exception as error:  # the library raises what its parts raise: ValueError, KeyError, TypeError ...
            found.unreadable.append(
                Unreadable(text.at(row), f"This event cannot be read: {error}", "Give it a DTSTART and a DTEND (RFC 5545)")
            )
            continue
        if entry is not None:
            found.calendar.append(entry)


def seasons(entries: list[CalendarEntry]) -> list[Season]:
    """What a calendar promises: each entry as a season, of every year where it repeats yearly."""
    return [
        Season(
            place=entry.place,
            sentence=entry.summary,
            confidence=Confidence.CERTAIN,
            name=entry.summary,
            first=(entry.first.month, entry.first.day),
            last=(entry.last.month, entry.last.day),
            year=None if entry.yearly else entry.first.year,
            opens=entry.opens,
            closes=entry.closes,
            workdays=entry.workdays,
            daily=entry.daily,
            timezone=entry.timezone,
            territories=entry.territories,
        )
        for entry in entries
    ]


def _events(text: TextFile, found: Found) -> Iterator[tuple[int, str]]:
    """Each VEVENT with the row of its BEGIN."""
    begun: int | None = None
    for row, line in enumerate(text.lines):
        word = line.strip().upper()
        if word == "BEGIN:VEVENT":
            begun = row
        elif word == "END:VEVENT" and begun is not None:
            yield begun, "\r\n".join(text.lines[begun : row + 1]) + "\r\n"
            begun = None
    if begun is not None:
        found.unreadable.append(Unreadable(text.at(begun), "This event has no END:VEVENT", "End it"))


def _summary_place(text: TextFile, row: int, block: str) -> Place:
    for offset, line in enumerate(block.splitlines()):
        if line.upper().startswith("SUMMARY"):
            return text.at(row + offset)
    return text.at(row)


def _entry(block: str, place: Place, calendar_zone: str) -> CalendarEntry | None:
    event: Any = Event.from_ical(block)
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    summary = str(event.get("SUMMARY", "")).strip()
    start, end = event.start, event.end
    rule = event.get("RRULE") or {}
    frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
    by_day = {str(day).upper() for day in rule.get("BYDAY", [])}
    first, opens, timezone = _split(start, calendar_zone)
    last, closes, _ = _split(end, calendar_zone)
    if closes is None:
        last -= timedelta(days=1)
    elif closes == time():
        last, closes = last - timedelta(days=1), None
    if frequency in ("DAILY", "WEEKLY"):
        last = _until(rule, first, frequency, len(by_day) or 1, last)
    categories = event.get("CATEGORIES")
    about = f"{summary} {event.get('LOCATION', '')} {categories.to_ical().decode() if categories else ''}"
    return CalendarEntry(
        summary,
        first,
        max(first, last),
        place,
        opens=opens,
        closes=closes,
        yearly=frequency == "YEARLY",
        daily=frequency in ("DAILY", "WEEKLY"),
        workdays=by_day == _WORKDAYS,
        timezone=timezone,
        territories=tuple(dict.fromkeys(_TERRITORY.findall(about))),
    )


def _split(moment: date | datetime, calendar_zone: str) -> tuple[date, time | None, str]:
    """A date, or a time as its date, its clock and its zone."""
    if not isinstance(moment, datetime):
        return moment, None, ""
    name = getattr(moment.tzinfo, "key", "") if moment.tzinfo is not None else ""
    if moment.tzinfo is not None and calendar_zone and name in ("", "UTC"):
        moment, name = moment.astimezone(zone(calendar_zone)), calendar_zone
    elif moment.tzinfo is None:
        name = calendar_zone
    return moment.date(), moment.time().replace(second=0), str(name)


def _until(rule: Any, first: date, frequency: str, per_week: int, last: date) -> date:
    """The last day of a daily or weekly repetition; that of its first occurrence where it never ends."""
    for until in rule.get("UNTIL", []):
        return until.date() if isinstance(until, datetime) else until
    for count in rule.get("COUNT", []):
        days = int(count) - 1 if frequency == "DAILY" else (int(count) - 1) // per_week * 7 + (int(count) - 1) % per_week
        return first + timedelta(days=min(days, 366))
    return last
