"""Season windows moved into the rehearsal: cron triggers in, cron triggers out. Pure.

The season's window gets the rehearsal's opening and closing, in its own time zone. The other windows of the same object
move along by the same time, so that their order stays, and out of the way where they would still be open: else a
neighbouring season could scale what the rehearsed one should have scaled.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from harness.calendar.cron import zone
from harness.calendar.window import CronTrigger, Opening, is_open, openings, read_trigger, windows
from harness.errors import BadInput

Trigger = dict[str, Any]

MARGIN = timedelta(hours=1)
"""Other windows stay shut for so long before the opening and after the closing."""

_YEAR = timedelta(days=366)
_STEP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Moved:
    """A window that was moved: the trigger's name, its crons before and after, and why it went further than the rest."""

    name: str
    before: tuple[str, str]
    after: tuple[str, str]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """The triggers as they shall be, what was moved, and why the season's own window was not, where it was not."""

    triggers: list[Trigger]
    moved: tuple[Moved, ...]
    nothing_because: str = ""


def shifted(triggers: Sequence[Trigger], season: str, opens: datetime, closes: datetime) -> list[Trigger]:
    """The triggers of `shift`; equal to those given where there is nothing to move."""
    return shift(triggers, season, opens, closes).triggers


def shift(triggers: Sequence[Trigger], season: str, opens: datetime, closes: datetime) -> Shift:
    """Move the window of `season` to opens..closes (aware, full minutes), and the other windows along with it.

    A season without a cron trigger, or with one that KEDA refuses, is not repaired: the rehearsal has to show what comes of
    it. Other windows are moved out of the way even then. Raises BadInput where the clock cannot say opens..closes (no full
    minutes, or the hour that daylight saving repeats).
    """
    _check(opens, closes)
    changed = copy.deepcopy(list(triggers))
    moved: list[Moved] = []
    own = next((one for one in changed if one.get("type") == "cron" and one.get("name") == season), None)
    reason, delta, reference = "", timedelta(), opens
    if own is None:
        reason = f"there is no cron trigger named '{season}'"
    else:
        try:
            trigger = read_trigger(own)
            reference = _nearest_opening(trigger, opens)
        except ValueError as error:
            reason = f"the cron trigger '{season}' would be refused or never open: {error}"
        else:
            delta = opens - reference
            moved.append(_put(own, Opening(opens, closes)))
            _verify(own, opens, closes)
    for one in changed:
        if one is not own and one.get("type") == "cron" and (move := _along(one, reference, delta, opens, closes)):
            moved.append(move)
    return Shift(changed, tuple(moved), reason)


def shut(triggers: Sequence[Trigger], since: datetime, until: datetime) -> list[Trigger]:
    """The triggers with every window moved out of the way that would be open in since..until: for staging before t0."""
    changed = copy.deepcopy(list(triggers))
    for one in changed:
        if one.get("type") == "cron":
            _along(one, since, timedelta(), since, until)
    return changed


def _along(one: Trigger, reference: datetime, delta: timedelta, opens: datetime, closes: datetime) -> Moved | None:
    """Move another window by `delta`, and on by weeks while it would be open around the rehearsal."""
    try:
        trigger = read_trigger(one)
    except ValueError:
        return None  # KEDA refuses it, so it is never open
    since, until = opens - MARGIN, closes + MARGIN
    if not delta and not _is_open_in(trigger, since, until):
        return None
    year = windows(trigger, reference.astimezone(zone(trigger.timezone)).year) or list(
        openings(trigger, reference - _YEAR, reference + _YEAR)
    )
    if not year and _is_open_in(trigger, since, until):
        raise BadInput(f"The window '{one.get('name')}' never opens anew and cannot be moved out of the way.")
    if not year:
        return None
    window = min(year, key=lambda found: abs(found.opens - reference)) if len(year) > 1 else year[0]
    why = "it recurs within the year; only its nearest window stays" if len(year) > 1 else ""
    place = Opening(window.opens + delta, window.closes + delta)
    move = _put(one, place, why)
    steps = 0
    while _is_open_in(read_trigger(one), since, until):
        steps += 1
        place = Opening(place.opens + _STEP, place.closes + _STEP)
        if steps * _STEP > _YEAR:
            raise BadInput(f"The window '{one.get('name')}' is open nearly all year and cannot be moved out of the way.")
        further = f"moved on by {steps * _STEP.days} days, it would be open during the rehearsal"
        after = _put(one, place).after
        move = Moved(move.name, move.before, after, f"{why}; {further}" if why else further)
    return move


def _nearest_opening(trigger: CronTrigger, moment: datetime) -> datetime:
    found = [window.opens for window in openings(trigger, moment - _YEAR, moment + _YEAR)]
    if not found:
        raise ValueError("its start never comes")
    return min(found, key=lambda opens: abs(opens - moment))


def _is_open_in(trigger: CronTrigger, since: datetime, until: datetime) -> bool:
    return is_open(trigger, since) or next(openings(trigger, since, until), None) is not None


def _put(one: Trigger, place: Opening, why: str = "") -> Moved:
    metadata = one["metadata"]
    before = (str(metadata["start"]), str(metadata["end"]))
    local = zone(str(metadata["timezone"]))
    metadata["start"], metadata["end"] = (_cron(moment.astimezone(local)) for moment in (place.opens, place.closes))
    return Moved(str(one.get("name", "")), before, (metadata["start"], metadata["end"]), why)


def _cron(moment: datetime) -> str:
    return f"{moment.minute} {moment.hour} {moment.day} {moment.month} *"


def _check(opens: datetime, closes: datetime) -> None:
    for moment in (opens, closes):
        if moment.tzinfo is None or moment.second or moment.microsecond:
            raise BadInput(f"A window opens and closes on full minutes of a known time zone, not at {moment.isoformat()}.")
    if closes <= opens:
        raise BadInput(f"A window closes after it opens, not at {closes.isoformat()}.")


def _verify(own: Trigger, opens: datetime, closes: datetime) -> None:
    """Ask the calendar whether the window is open exactly from opens to closes."""
    trigger = read_trigger(own)
    minute = timedelta(minutes=1)
    right = (
        not is_open(trigger, opens - minute)
        and is_open(trigger, opens)
        and is_open(trigger, closes - minute)
        and not is_open(trigger, closes)
    )
    if not right:
        raise BadInput(
            f"Cron in {trigger.timezone} cannot say {opens.isoformat()} to {closes.isoformat()}: the clock changes there; "
            "start the rehearsal an hour later."
        )
