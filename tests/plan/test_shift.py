"""The season's window comes into the rehearsal; every other window stays out of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendar.window import is_open, openings, read_trigger, windows
from harness.errors import BadInput
from harness.plan.shift import shift, shifted, shut

Trigger = dict[str, Any]


def cron(name: str, start: str, end: str, timezone: str = "Europe/Berlin") -> Trigger:
    metadata = {"timezone": timezone, "start": start, "end": end, "desiredReplicas": "4"}
    return {"type": "cron", "name": name, "metadata": metadata}


SPARGEL = cron("spargel", "0 6 1 3 *", "0 22 24 6 *")
OKTOBERFEST = cron("oktoberfest", "0 6 1 9 *", "0 22 15 10 *")
WEIHNACHTEN = cron("weihnachten", "0 6 15 11 *", "0 22 24 12 *")
RATE: Trigger = {"type": "prometheus", "name": "request-rate", "metadata": {"query": "up"}}
ALL = [SPARGEL, OKTOBERFEST, WEIHNACHTEN, RATE]

OPENS = datetime(2026, 11, 23, 22, 40, tzinfo=UTC)
CLOSES = OPENS + timedelta(minutes=4)


def test_the_seasons_window_is_open_exactly_during_the_rehearsal() -> None:
    changed = shifted(ALL, "oktoberfest", OPENS, CLOSES)

    assert changed[1]["metadata"]["start"] == "40 23 23 11 *"
    assert changed[1]["metadata"]["end"] == "44 23 23 11 *"
    trigger = read_trigger(changed[1])
    open_minutes = [m for m in range(-60, 60) if is_open(trigger, OPENS + timedelta(minutes=m))]
    assert open_minutes == [0, 1, 2, 3]


def test_replicas_zone_names_and_other_triggers_stay_and_the_given_list_is_not_touched() -> None:
    before = [dict(one) for one in ALL]

    changed = shifted(ALL, "oktoberfest", OPENS, CLOSES)

    assert changed[3] == RATE
    assert [one["name"] for one in changed] == [one["name"] for one in ALL]
    assert changed[1]["metadata"]["desiredReplicas"] == "4"
    assert before == ALL


def test_a_neighbouring_season_that_is_open_today_is_moved_out_of_the_rehearsal() -> None:
    assert is_open(read_trigger(WEIHNACHTEN), OPENS)

    changed = shifted(ALL, "oktoberfest", OPENS, CLOSES)

    for other in (changed[0], changed[2]):
        trigger = read_trigger(other)
        assert not any(is_open(trigger, OPENS + timedelta(minutes=m)) for m in range(-60, 65))


def test_other_windows_move_by_the_same_time_so_that_their_order_stays() -> None:
    result = shift(ALL, "oktoberfest", OPENS, CLOSES)

    delta = OPENS - windows(read_trigger(OKTOBERFEST), 2026)[0].opens
    for before, after in ((SPARGEL, result.triggers[0]), (WEIHNACHTEN, result.triggers[2])):
        wanted = windows(read_trigger(before), 2026)[0].opens + delta
        found = openings(read_trigger(after), wanted - timedelta(days=2), wanted + timedelta(days=2))
        assert abs(next(found).opens - wanted) <= timedelta(hours=1)
    assert {moved.name for moved in result.moved} == {"spargel", "oktoberfest", "weihnachten"}


def test_a_window_that_would_still_be_open_goes_further_out_and_says_so() -> None:
    overlapping = cron("herbst", "0 6 1 8 *", "0 22 30 11 *")

    result = shift([OKTOBERFEST, overlapping], "oktoberfest", OPENS, CLOSES)

    (moved,) = [one for one in result.moved if one.name == "herbst"]
    assert "it would be open during the rehearsal" in moved.why
    assert not is_open(read_trigger(result.triggers[1]), OPENS + timedelta(minutes=1))


def test_a_deleted_season_is_not_repaired_but_other_windows_are_shut() -> None:
    result = shift([SPARGEL, WEIHNACHTEN, RATE], "oktoberfest", OPENS, CLOSES)

    assert result.nothing_because == "there is no cron trigger named 'oktoberfest'"
    assert result.triggers[0] == SPARGEL
    assert not is_open(read_trigger(result.triggers[1]), OPENS)


def test_without_any_cron_trigger_nothing_changes() -> None:
    assert shifted([RATE], "oktoberfest", OPENS, CLOSES) == [RATE]


def test_a_window_that_keda_refuses_is_left_broken_so_that_the_rehearsal_shows_it() -> None:
    broken = cron("oktoberfest", "0 6 31 13 *", "0 22 15 10 *")

    result = shift([broken], "oktoberfest", OPENS, CLOSES)

    assert result.triggers == [broken]
    assert "would be refused" in result.nothing_because


def test_a_daily_window_keeps_only_its_nearest_day() -> None:
    daily = cron("office-hours", "0 8 * * *", "0 23 * * *", "UTC")

    result = shift([OKTOBERFEST, daily], "oktoberfest", OPENS, CLOSES)

    assert not is_open(read_trigger(result.triggers[1]), OPENS)
    assert "recurs" in next(one for one in result.moved if one.name == "office-hours").why


def test_a_season_open_all_year_cannot_be_moved_out() -> None:
    always = cron("always", "0 0 1 1 *", "59 23 31 12 *", "UTC")

    with pytest.raises(BadInput, match="open nearly all year"):
        shift([OKTOBERFEST, always], "oktoberfest", OPENS, CLOSES)


def test_a_rehearsal_in_the_hour_that_the_clock_repeats_is_refused() -> None:
    opens = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, for the first time

    with pytest.raises(BadInput, match="the clock changes there"):
        shift([OKTOBERFEST], "oktoberfest", opens, opens + timedelta(minutes=4))


@pytest.mark.parametrize("opens", [OPENS.replace(tzinfo=None), OPENS.replace(second=1), CLOSES])
def test_a_window_opens_on_a_full_minute_of_a_known_zone_and_closes_later(opens: datetime) -> None:
    with pytest.raises(BadInput):
        shift(ALL, "oktoberfest", opens, CLOSES)


def test_before_the_rehearsal_every_window_can_be_shut() -> None:
    changed = shut(ALL, OPENS, CLOSES)

    assert changed[0] == SPARGEL
    assert not is_open(read_trigger(changed[2]), OPENS)


@settings(deadline=None, max_examples=40)
@given(st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31)), st.integers(1, 30))
def test_on_any_day_of_any_year_only_the_season_is_open(day: datetime, minutes: int) -> None:
    opens = day.replace(hour=12, second=0, microsecond=0, tzinfo=UTC)
    closes = opens + timedelta(minutes=minutes)

    changed = shifted(ALL, "oktoberfest", opens, closes)

    spargel, oktoberfest, weihnachten = (read_trigger(one) for one in changed[:3])
    assert is_open(oktoberfest, opens)
    assert not is_open(oktoberfest, closes)
    for moment in (opens - timedelta(minutes=30), opens, closes):
        assert not is_open(spargel, moment)
        assert not is_open(weihnachten, moment)
