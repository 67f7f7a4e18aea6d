"""Calendars are read with their lines, their last days and their repetitions."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from harness.validate.artefacts import CalendarEntry, Found
from harness.validate.reading.ics import MOST_EVENTS, read_calendar, seasons
from harness.validate.text import TextFile


def read(*events: str, head: str = "") -> Found:
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    found = Found()
    read_calendar(TextFile(Path("seasons.ics"), f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{body}END:VCALENDAR\n"), found)
    return found


def entry(event: str, head: str = "") -> CalendarEntry:
    (one,) = read(event, head=head).calendar
    return one


@pytest.mark.parametrize(
    ("event", "first", "last", "opens", "closes"),
    [
        pytest.param(
            "DTSTART;VALUE=DATE:20260901\nDTEND;VALUE=DATE:20261016", (9, 1), (10, 15), None, None, id="without DTEND"
        ),
        pytest.param("DTSTART;VALUE=DATE:20260901", (9, 1), (9, 1), None, None, id="one day without an end"),
        pytest.param("DTSTART;VALUE=DATE:20260901\nDURATION:P2W", (9, 1), (9, 14), None, None, id="a duration"),
        pytest.param(
            "DTSTART;TZID=Europe/Berlin:20260901T060000\nDTEND;TZID=Europe/Berlin:20261015T220000",
            (9, 1), (10, 15), time(6), time(22), id="times",
        ),
        pytest.param(
            "DTSTART;TZID=Europe/Berlin:20260901T060000\nDTEND;TZID=Europe/Berlin:20261016T000000",
            (9, 1), (10, 15), time(6), None, id="until midnight",
        ),
        pytest.param(
            "DTSTART;TZID=Europe/Berlin:20261201T170000\nDTEND;TZID=Europe/Berlin:20261201T210000\n"
            "RRULE:FREQ=DAILY;UNTIL=20261224T200000Z",
            (12, 1), (12, 24), time(17), time(21), id="daily until",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261202\nRRULE:FREQ=DAILY;COUNT=24",
            (12, 1), (12, 24), None, None, id="daily so many times",
        ),
    ],
)  # fmt: skip
def test_an_event_has_its_first_and_its_last_day(
    event: str, first: tuple[int, int], last: tuple[int, int], opens: time | None, closes: time | None
) -> None:
    one = entry(f"SUMMARY:Season\n{event}")

    assert ((one.first.month, one.first.day), (one.last.month, one.last.day)) == (first, last)
    assert (one.opens, one.closes) == (opens, closes)


def test_an_event_points_at_the_line_of_its_summary() -> None:
    one = entry("UID:1\nDTSTART;VALUE=DATE:20260901\nSUMMARY:Oktoberfest")

    assert (one.place.line, one.summary) == (6, "Oktoberfest")


def test_what_repeats_yearly_is_promised_for_every_year_and_what_does_not_for_its_own() -> None:
    found = read(
        "SUMMARY:A\nDTSTART;VALUE=DATE:20260901\nRRULE:FREQ=YEARLY", "SUMMARY:B\nDTSTART;VALUE=DATE:20260901"
    ).calendar

    assert [season.year for season in seasons(found)] == [None, 2026]


def test_workdays_zones_and_territories_are_understood() -> None:
    one = entry(
        "SUMMARY:Ernte\nLOCATION:AT\nCATEGORIES:DE,season\nDTSTART;TZID=Europe/Vienna:20260901T060000\n"
        "DTEND;TZID=Europe/Vienna:20260901T220000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20260930T200000Z"
    )

    assert (one.workdays, one.daily, one.timezone, one.territories, one.last) == (
        True, True, "Europe/Vienna", ("AT", "DE"), date(2026, 9, 30),
    )  # fmt: skip


def test_times_in_utc_are_told_by_the_calendars_own_zone() -> None:
    one = entry("SUMMARY:A\nDTSTART:20260901T040000Z\nDTEND:20261015T200000Z", head="X-WR-TIMEZONE:Europe/Berlin\n")

    assert (one.opens, one.closes, one.timezone) == (time(6), time(22), "Europe/Berlin")


def test_a_folded_summary_is_whole_and_a_cancelled_event_is_none() -> None:
    assert entry("SUMMARY:Okto\n berfest\nDTSTART;VALUE=DATE:20260901").summary == "Oktoberfest"
    assert not read("SUMMARY:A\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20260901").calendar


@pytest.mark.parametrize(
    "event",
    ["SUMMARY:A", "SUMMARY:A\nDTSTART:nonsense", "SUMMARY:A\nDTSTART;VALUE=DATE:20261301", "SUMMARY:A\nDTSTART;TZID=:x"],
)
def test_an_event_that_cannot_be_read_is_told_with_its_line(event: str) -> None:
    found = read(event)

    assert [one.place.line for one in found.unreadable] == [3]
    assert not found.calendar


def test_an_event_without_its_end_is_told() -> None:
    found = Found()
    read_calendar(TextFile(Path("a.ics"), "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:A\n"), found)

    assert [one.place.line for one in found.unreadable] == [2]


def test_a_calendar_of_everything_is_read_up_to_a_bound() -> None:
    found = read(*["SUMMARY:A\nDTSTART;VALUE=DATE:20260901"] * (MOST_EVENTS + 1))

    assert len(found.calendar) == MOST_EVENTS
    assert len(found.skipped) == 1
