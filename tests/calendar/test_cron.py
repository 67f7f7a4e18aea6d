"""Cron is read as KEDA reads it, at night too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.calendar.cron import Cron
from harness.calendar.window import CronTrigger, is_open, openings, read_trigger, windows

BERLIN = ZoneInfo("Europe/Berlin")


def trigger(start: str, end: str, timezone: str = "Europe/Berlin", desired: str = "6") -> CronTrigger:
    metadata = {"timezone": timezone, "start": start, "end": end, "desiredReplicas": desired}
    return read_trigger({"type": "cron", "name": "oktoberfest", "metadata": metadata})


OKTOBERFEST = trigger("0 6 1 9 *", "0 22 15 10 *")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param(datetime(2026, 9, 1, 5, 59, tzinfo=BERLIN), False, id="a minute before the opening"),
        pytest.param(datetime(2026, 9, 1, 6, 0, tzinfo=BERLIN), True, id="at the opening"),
        pytest.param(datetime(2026, 9, 20, 3, 0, tzinfo=BERLIN), True, id="on a night within"),
        pytest.param(datetime(2026, 10, 15, 21, 59, tzinfo=BERLIN), True, id="a minute before the closing"),
        pytest.param(datetime(2026, 10, 15, 22, 0, tzinfo=BERLIN), False, id="at the closing"),
        pytest.param(datetime(2026, 9, 1, 4, 30, tzinfo=UTC), True, id="asked in another zone"),
    ],
)
def test_the_oktoberfest_window_is_open_from_its_first_minute_to_its_last(moment: datetime, expected: bool) -> None:
    assert is_open(OKTOBERFEST, moment) is expected


def test_a_year_has_one_oktoberfest_window_in_summer_time() -> None:
    (window,) = windows(OKTOBERFEST, 2026)

    assert (window.opens.isoformat(), window.closes.isoformat()) == (
        "2026-09-01T06:00:00+02:00",
        "2026-10-15T22:00:00+02:00",
    )


def test_a_window_over_new_year_belongs_to_the_year_it_opens_in() -> None:
    (window,) = windows(trigger("0 6 15 12 *", "0 22 6 1 *"), 2026)

    assert (window.opens.year, window.closes.year) == (2026, 2027)
    assert is_open(trigger("0 6 15 12 *", "0 22 6 1 *"), datetime(2027, 1, 2, tzinfo=BERLIN))


def test_a_start_in_the_hour_that_spring_leaves_out_is_skipped_as_robfig_cron_does() -> None:
    cron = Cron("30 2 * * *", "Europe/Berlin")

    after = cron.next_after(datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN))

    assert after is not None
    assert after.isoformat() == "2026-03-30T02:30:00+02:00"


def test_a_start_in_the_hour_that_autumn_repeats_comes_twice() -> None:
    cron = Cron("30 2 * * *", "Europe/Berlin")

    first = cron.next_after(datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN))
    assert first is not None
    second = cron.next_after(first)

    assert second is not None
    assert (first.isoformat(), second.isoformat()) == ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")


def test_a_nightly_window_is_an_hour_shorter_in_spring_and_an_hour_longer_in_autumn() -> None:
    nightly = trigger("0 22 * * *", "0 6 * * *")

    lengths = {
        window.opens.date().isoformat(): window.closes.astimezone(UTC) - window.opens.astimezone(UTC)
        for window in windows(nightly, 2026)
    }

    assert len(lengths) == 365
    assert lengths["2026-03-28"] == timedelta(hours=7)
    assert lengths["2026-10-24"] == timedelta(hours=9)
    assert lengths["2026-07-01"] == timedelta(hours=8)


def test_day_of_month_and_day_of_week_are_alternatives_unless_one_is_a_star() -> None:
    either = Cron("0 0 13 * 5", "UTC")
    both = Cron("0 0 * * 5", "UTC")
    since = datetime(2026, 1, 10, tzinfo=UTC)

    assert either.next_after(since) == datetime(2026, 1, 13, tzinfo=UTC)
    assert both.next_after(since) == datetime(2026, 1, 16, tzinfo=UTC)


def test_a_leap_day_is_waited_for() -> None:
    assert Cron("0 0 29 2 *", "UTC").next_after(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2028, 2, 29, tzinfo=UTC)


def test_a_day_that_never_comes_is_never() -> None:
    assert Cron("0 0 31 2 *", "UTC").next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_start_that_never_comes_leaves_the_window_open_as_in_keda() -> None:
    assert is_open(trigger("0 0 31 2 *", "0 22 15 10 *"), datetime(2026, 1, 1, tzinfo=UTC))
    assert not is_open(trigger("0 6 1 9 *", "0 0 31 2 *"), datetime(2026, 9, 2, tzinfo=UTC))


def test_the_next_time_is_the_one_that_kedas_own_library_gives() -> None:
    lines = (Path(__file__).parent / "robfig.txt").read_text(encoding="utf-8").splitlines()[1:]

    for expression, timezone, asked, expected in (line.split(" | ") for line in lines):
        found = Cron(expression, timezone).next_after(datetime.fromisoformat(asked))
        answer = "NEVER" if found is None else f"{found.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert answer == expected, f"{expression} in {timezone} at {asked}"


@pytest.mark.parametrize(
    ("start", "end", "timezone", "desired", "says"),
    [
        ("0 6 1 9", "0 22 15 10 *", "Europe/Berlin", "6", "five"),
        ("0 6 1 13 *", "0 22 15 10 *", "Europe/Berlin", "6", "no cron expression"),
        ("0 6 L 9 *", "0 22 15 10 *", "Europe/Berlin", "6", "no cron expression"),
        ("0 6 * * 7", "0 22 15 10 *", "Europe/Berlin", "6", "no cron expression"),
        ("0 6 1 9 *", "0 22 15 10 *", "Europe/Münch", "6", "no IANA time zone"),
        ("0 6 1 9 *", "0 6 1 9 *", "Europe/Berlin", "6", "without length"),
        ("0 6 1 9 *", "0 22 15 10 *", "Europe/Berlin", "0", "no pods"),
        ("0 6 1 9 *", "0 22 15 10 *", "Europe/Berlin", "six", "no number"),
        ("", "0 22 15 10 *", "Europe/Berlin", "6", "lacks start"),
    ],
)
def test_what_keda_refuses_is_refused(start: str, end: str, timezone: str, desired: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        trigger(start, end, timezone, desired)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
)
def test_a_window_is_open_exactly_between_its_opening_and_its_closing(
    moment: datetime, month: int, day: int, hour: int
) -> None:
    yearly = trigger(f"0 {hour} {day} {month} *", f"30 {hour} {day} {month} *", "UTC")
    near = list(openings(yearly, moment - timedelta(days=370), moment + timedelta(days=1)))

    assert is_open(yearly, moment) is any(window.opens <= moment < window.closes for window in near)
