"""Emitted pairs cover exactly the promise, by KEDA's own rule, or it is said that none does."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendar.correction import CronPair, NotExpressible, corrected, difference
from harness.calendar.coverage import year_span
from harness.calendar.holidays import public_holidays
from harness.calendar.seasons import SeasonDates, stretches

TODAY = date(2026, 9, 1)
BERLIN = "Europe/Berlin"

month_days = st.dates(date(2028, 1, 1), date(2028, 12, 31)).map(lambda day: (day.month, day.day))
hours = st.sampled_from([(0, 1440), (360, 1320), (0, 1320), (360, 1440), (1320, 360), (390, 1110)])


def pairs(season: SeasonDates, timezone: str = BERLIN) -> list[tuple[str, str]]:
    return [(pair.start, pair.end) for pair in corrected(season, timezone, TODAY).pairs]


@pytest.mark.parametrize(
    ("season", "expected"),
    [
        pytest.param(SeasonDates((9, 1), (10, 15)), [("0 0 1 9 *", "0 0 16 10 *")], id="whole days"),
        pytest.param(SeasonDates((9, 1), (10, 15), opens=360, closes=1320), [("0 6 1 9 *", "0 22 15 10 *")], id="hours"),
        pytest.param(
            SeasonDates((9, 1), (10, 15), opens=360, closes=1320, each_day=True),
            [("0 6 * 9 *", "0 22 * 9 *"), ("0 6 1-15 10 *", "0 22 1-15 10 *")],
            id="hours of each day",
        ),
        pytest.param(
            SeasonDates((3, 10), (6, 24), opens=360, closes=1320, each_day=True),
            [
                ("0 6 * 4-5 *", "0 22 * 4-5 *"),
                ("0 6 10-31 3 *", "0 22 10-31 3 *"),
                ("0 6 1-24 6 *", "0 22 1-24 6 *"),
            ],
            id="parts of two months and two whole ones",
        ),
        pytest.param(SeasonDates((12, 15), (1, 6)), [("0 0 15 12 *", "0 0 7 1 *")], id="over the new year"),
        pytest.param(SeasonDates((1, 1), (2, 29)), [("0 0 1 1 *", "0 0 1 3 *")], id="to the end of February"),
        pytest.param(
            SeasonDates((1, 1), (2, 29), closes=1320),
            [("0 0 1 1 *", "0 22 28 2 *"), ("0 22 28 2 *", "0 22 29 2 *")],
            id="to the evening of the last of February",
        ),
        pytest.param(
            SeasonDates((9, 1), (11, 30), opens=480, closes=1080, workdays=True),
            [("0 8 * 9-11 1-5", "0 18 * 9-11 1-5")],
            id="workdays of whole months",
        ),
    ],
)
def test_a_promise_becomes_pairs_for_every_year(season: SeasonDates, expected: list[tuple[str, str]]) -> None:
    correction = corrected(season, BERLIN, TODAY)

    assert [(pair.start, pair.end) for pair in correction.pairs] == expected
    assert correction.every_year
    assert (correction.first, correction.last) == (date(2026, 1, 1), date(2030, 12, 31))


def test_workdays_of_half_a_month_are_named_day_by_day_for_the_coming_season() -> None:
    correction = corrected(SeasonDates((10, 1), (10, 15), opens=480, closes=1080, workdays=True), BERLIN, TODAY)

    assert [(pair.start, pair.end) for pair in correction.pairs] == [("0 8 1-2,5-9,12-15 10 *", "0 18 1-2,5-9,12-15 10 *")]
    assert not correction.every_year


def test_holidays_are_left_out_by_their_date() -> None:
    off = frozenset(public_holidays("DE-BY", 2027))
    found = pairs(SeasonDates((1, 1), (1, 15), opens=480, closes=1080, workdays=True, off=off))

    assert found == [("0 8 4-5,7-8,11-15 1 *", "0 18 4-5,7-8,11-15 1 *")]


def test_what_cron_cannot_say_is_refused_in_a_sentence() -> None:
    with pytest.raises(NotExpressible, match="triggers"):
        corrected(SeasonDates((1, 1), (12, 31), year=2027, workdays=True), BERLIN, TODAY)
    with pytest.raises(NotExpressible, match="over"):
        corrected(SeasonDates((1, 1), (1, 31), year=2025), BERLIN, TODAY)


def test_a_proof_fails_where_a_pair_is_wrong_by_a_minute() -> None:
    season = SeasonDates((9, 1), (10, 15), opens=360, closes=1320)
    span = date(2026, 1, 1), date(2030, 12, 31)

    assert difference([CronPair("0 6 1 9 *", "0 22 15 10 *", BERLIN)], season, BERLIN, *span) is None
    assert "not covered" in str(difference([CronPair("1 6 1 9 *", "0 22 15 10 *", BERLIN)], season, BERLIN, *span))
    assert "not promised" in str(difference([CronPair("0 6 1 9 *", "1 22 15 10 *", BERLIN)], season, BERLIN, *span))
    assert "not promised" in str(difference([CronPair("0 6 1 9 *", "0 22 * * *", BERLIN)], season, BERLIN, *span))


@settings(deadline=None, max_examples=150)
@given(month_days, month_days, hours, st.booleans(), st.booleans(), st.sampled_from([BERLIN, "UTC", "America/New_York"]))
def test_whatever_is_emitted_covers_exactly_the_promise(
    first: tuple[int, int], last: tuple[int, int], clock: tuple[int, int], each_day: bool, workdays: bool, timezone: str
) -> None:
    season = SeasonDates(first, last, opens=clock[0], closes=clock[1], each_day=each_day, workdays=workdays)
    try:
        correction = corrected(season, timezone, TODAY)
    except NotExpressible:
        return

    since, until = year_span(correction.first, correction.last, timezone)
    covered = {
        minute
        for pair in correction.pairs
        for begins, ends in pair.cover(since, until).stretches
        for minute in (begins, ends)
    }
    promised = season.promised(timezone, correction.first.year - 1, correction.last.year)
    for edge in covered - {since, until}:
        inside = any(edge in pair.cover(since, until) for pair in correction.pairs)
        assert inside == (edge in promised)
    assert correction.pairs


@settings(deadline=None)
@given(month_days, month_days)
def test_whole_seasons_are_always_expressible_but_around_a_leap_day(first: tuple[int, int], last: tuple[int, int]) -> None:
    if (2, 29) in (first, last) or last == (2, 28) or (date(2028, *first) - date(2028, *last)).days == 1:
        return

    assert corrected(SeasonDates(first, last), BERLIN, TODAY).every_year


@given(st.frozensets(st.dates(date(2026, 1, 1), date(2026, 3, 1))))
def test_stretches_hold_the_same_days(days: frozenset[date]) -> None:
    found = stretches(days)

    assert sum((last - first).days + 1 for first, last in found) == len(days)
    assert all((later[0] - earlier[1]).days > 1 for earlier, later in pairwise(found))


@settings(deadline=None, max_examples=60)
@given(month_days, month_days, st.booleans(), st.integers(2025, 2031))
def test_a_whole_season_promises_minutes_on_exactly_its_days(
    first: tuple[int, int], last: tuple[int, int], workdays: bool, year: int
) -> None:
    season = SeasonDates(first, last, workdays=workdays)
    span = date(year, 1, 1), date(year, 12, 31)
    minutes = season.promised(BERLIN, year - 1, year).between(*year_span(*span, BERLIN))

    assert minutes.days(BERLIN) == season.days(*span)
