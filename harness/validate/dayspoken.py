"""What comments and names say about days: workdays, every day, nights, holidays. German and English."""

from __future__ import annotations

import re
from functools import cache

_WORKDAYS = re.compile(
    r"\b(?:workdays?|weekdays?|(?:business|working)[ -]?days?|mon(?:day)?s?\s?(?:-|–|—|to|through|thru|bis)\s?fri(?:day)?s?"
    r"|mo\.?\s?(?:-|–|—|bis)\s?fr\.?|montags?\s?(?:-|–|—|bis)\s?freitags?|werktag\w*|werktäglich|arbeitstag\w*|wochentag\w*)\b",
    re.IGNORECASE,
)
_SATURDAY_TOO = re.compile(
    r"\bwerktag\w*|\bwerktäglich|\bmo\.?\s?(?:-|–|—|bis)\s?sa\b|\bmon(?:day)?\s?(?:-|–|to)\s?sat", re.IGNORECASE
)
_EVERY_DAY = re.compile(
    r"\b(?:every ?day|daily|each day|all days|7 days|seven days|24/7|mon(?:day)?s?\s?(?:-|–|—|to|through)\s?sun(?:day)?s?"
    r"|mo\.?\s?(?:-|–|—|bis)\s?so\.?|täglich|jeden tag|alle tage|an allen tagen|rund um die uhr)\b",
    re.IGNORECASE,
)
_WEEKEND = re.compile(r"\b(?:weekends?|saturdays?|sundays?|wochenenden?|samstags?|sonntags?)\b", re.IGNORECASE)
_INCLUDED = re.compile(
    r"\b(?:also|incl\w*|auch|inkl\w*|einschlie\w+|sowie)\W+(?:\w+\W+){0,2}?(?:weekends?|wochenenden?)\b"
    r"|\b(?:weekends?|wochenenden?)\W+(?:too|included|inklusive|eingeschlossen|ebenfalls)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|no|never|except|excluding|without|kein\w*|nicht|ohne|außer|ausser)\b", re.IGNORECASE)
_NIGHT = re.compile(
    r"\b(?:night\w*|overnight|nacht\w*|nächtlich\w*|evening\w*|abend\w*|batch|late|spät\w*|backup|etl)\b", re.IGNORECASE
)
_DAYTIME = re.compile(
    r"\b(?:day ?time|during the day|office|business|working|tagsüber|geschäftszeit\w*|büro\w*|öffnungszeit\w*|lunch"
    r"|mittag\w*|morning|vormittag\w*|nachmittag\w*|afternoon|hours of business)\b",
    re.IGNORECASE,
)
_HOLIDAYS = re.compile(r"\b(?:(?:public|bank) holidays?|holidays?|\w*feiertag\w*)\b", re.IGNORECASE)


@cache
def says_workdays(text: str) -> str:
    """The words that say that something holds on workdays only; '' where none do or where other days are named too."""
    found = _WORKDAYS.search(_words(text))
    if not found or _EVERY_DAY.search(_words(text)) or says_weekend_too(text):
        return ""
    before = _words(text)[max(found.start() - 20, 0) : found.start()]
    return "" if _NOT.search(before) else found[0]


def saturday_is_workday(words: str) -> bool:
    """Whether words for workdays take Saturday in: a Werktag does, by German law."""
    return bool(_SATURDAY_TOO.search(words))


@cache
def says_every_day(text: str) -> str:
    """The words that say that something holds on every day; '' where none do or where workdays are named too."""
    found = _EVERY_DAY.search(_words(text))
    if not found or _WORKDAYS.search(_words(text)) or re.search(r"daily (?:stand|report|job)", text, re.IGNORECASE):
        return ""
    return "" if _NOT.search(_words(text)[max(found.start() - 20, 0) : found.start()]) else found[0]


def says_weekend_too(text: str) -> bool:
    """Whether weekends are named, unless it is to leave them out."""
    found = _WEEKEND.search(_words(text))
    return found is not None and not _NOT.search(_words(text)[max(found.start() - 20, 0) : found.start()])


def includes_weekends(text: str) -> bool:
    """Whether it says expressly that weekends are included."""
    return _INCLUDED.search(_words(text)) is not None


def says_night(text: str) -> bool:
    """Whether it is about the night."""
    return bool(_NIGHT.search(_words(text)))


def says_daytime(text: str) -> bool:
    """Whether it is about the day rather than the night."""
    return bool(_DAYTIME.search(_words(text)))


def speaks_of_holidays(text: str) -> bool:
    """Whether holidays are named at all."""
    return bool(_HOLIDAYS.search(_words(text)))


def leaves_out_holidays(text: str) -> bool:
    """Whether it says that holidays are left out."""
    return any(
        _NOT.search(_words(text)[max(found.start() - 25, 0) : found.start()]) for found in _HOLIDAYS.finditer(_words(text))
    )


def _words(text: str) -> str:
    """Names are words too: office_hours."""
    return text.replace("_", " ")
