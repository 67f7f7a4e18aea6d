"""Seasons in prose and tables: names, days, hours, workdays, time zones, territories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from harness.validate.artefacts import Heading, Sentence
from harness.validate.finding import Confidence
from harness.validate.promises import Season
from harness.validate.reading.prose.context import Context, headings_of
from harness.validate.reading.prose.dates import (
    HOLIDAYS,
    TIMEZONE,
    WORKDAYS,
    Day,
    Days,
    hours,
    one_day,
    ranges,
)
from harness.validate.reading.prose.subjects import cells_of, territories_in

_NAMES = (
    r"spargel\w*|asparagus|oktoberfest|wiesn|weihnacht\w*|christmas|advent\w*|xmas|ostern|easter|black[- ](?:friday"
    r"|week)|cyber (?:monday|week)"
    r"|erdbeer\w*|strawberr\w*|ernte\w*|harvest|grillsaison|barbecue|karneval|fasching|silvester|sommersaison"
    r"|wintersaison|hochsaison"
    r"|valentin\w*|halloween|muttertag|mother's day|back[- ]to[- ]school|prime day|thanksgiving|diwali|ramadan|erntedank"
)
_NAMED = re.compile(rf"\b(?:{_NAMES})", re.IGNORECASE)
_SEASONAL = re.compile(
    r"season|saison|window|zeitfenster|pre-?scal|vorskalier|vor-skalier|hochfahr|peak|spitze\b|geschäft|kampagne"
    r"|campaign|\bsale\b|lasts?\b|dauert"
    r"|\d (?:pods?|replicas?|replikas?|instanzen|instances)\b|läuft|\bgilt\b|fenster|scaled? up|hochskalier"
    r"|zeitraum|period\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"freeze|vacation|urlaub|ferien|maintenance|wartung|rotation|rufbereitschaft von|incident|outage|ausfall|contract"
    r"|vertrag|budget|fiscal|geschäftsjahr"
    r"|quartal|quarter|migration|release|certificate|zertifikat|abwesen|out of office|trainee|intern\b|hired"
    r"|eingestellt|closed|geschlossen|audit"
    r"|prüfung|report|bericht|messe\b|conference|konferenz|workshop|deploy",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"^(?:when|wann|zeitraum|zeiträume|zeitfenster|windows?|seasons?|saison(?:en|zeiten|kalender)?|termine?|dates?"
    r"|overview|überblick|übersicht|calendar|kalender"
    r"|schedule|zeitplan|hours|zeiten|the seasons?|die saisonen|runbook|betriebshandbuch|periods?|peaks?|scaling"
    r"|skalierung|pre-?scaling|vorskalierung)\b",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    rf"{_GENERIC.pattern}|\b(?:windows?|seasons|dates|calendar|termine|zeiten|kalender|saisonen)$", re.IGNORECASE
)
_JOINED = re.compile(r"\b(?P<name>[A-ZÄÖÜ][\wäöüß]+?)-?(?:saison|geschäft|season)\b")
_BEFORE_SEASON = re.compile(
    r"\b(?P<name>[A-ZÄÖÜ][\w-]+) (?:season|Saison)\b|\b(?:season"
    r"|Saison) (?P<after>[A-ZÄÖÜ][\w-]+)"
)
_NAME_HEAD = re.compile(
    r"^(?:season|saison|name|was|what|event|anlass|kampagne|campaign|phase|aktion|occasion)\b", re.IGNORECASE
)
_FIRST_HEAD = re.compile(
    r"^(?:von|from|start(?:s|et)?|beginn(?:t)?|begins|ab|first(?: day)?|erster(?: tag)?|since|opens)\b", re.IGNORECASE
)
_LAST_HEAD = re.compile(
    r"^(?:bis|to|until|till|end(?:s|e|et)?|last(?: day)?|letzter(?: tag)?|closes|through)\b", re.IGNORECASE
)
_CONTINUOUS = re.compile(
    r"on the first day|on the last\b|am ersten tag|am letzten tag|durchgehend|rund um die uhr|around the clock"
    r"|day and night",
    re.IGNORECASE,
)
_DAILY = re.compile(
    r"\bdaily\b|every (?:work)?day|each (?:work)?day|täglich|jeden tag|each morning|every morning", re.IGNORECASE
)


def seasons(context: Context) -> Iterator[Season]:
    """The seasons of a page. Hours, workdays and zones that stand in other sentences of a season's section are added."""
    found = [*_in_prose(context), *_in_tables(context)]
    sections: dict[tuple[str, ...], int] = {}
    for season in found:
        sections[season.headings] = sections.get(season.headings, 0) + 1
    for season in found:
        yield _completed(season, context) if sections[season.headings] == 1 else season


def _in_prose(context: Context) -> Iterator[Season]:
    for sentence, _ in context.promising("prose", "item"):
        days = ranges(sentence.text)
        if not days or _OTHER.search(sentence.text):
            continue
        heads = " ".join(one.text for one in sentence.headings[-2:])
        if not (
            _NAMED.search(f"{sentence.text} {heads}") or _SEASONAL.search(sentence.text) or _is_season(sentence, context)
        ):
            continue
        if _OTHER.search(heads):
            continue
        for index, one in enumerate(days):
            before = sentence.text[days[index - 1].end if index else 0 : one.start]
            after = sentence.text[one.end : days[index + 1].start if index + 1 < len(days) else None]
            near = before + after if len(days) == 1 else before
            name = _name_in(before, context) or _label(before) or _name_above(sentence.headings, context, strict=True)
            name = name or (_name_in(after, context) if len(days) == 1 else "")
            yield _season(name or _name_above(sentence.headings, context), one, sentence, near)


def _in_tables(context: Context) -> Iterator[Season]:
    for sentence, _ in context.promising("cell"):
        if not sentence.header or _OTHER.search(" ".join((*sentence.header, *sentence.row))):
            continue
        head = sentence.header[sentence.column] if sentence.column < len(sentence.header) else ""
        name_at = next((at for at, one in enumerate(sentence.header) if _NAME_HEAD.match(one.strip())), 0)
        row = sentence.row
        name = row[name_at].strip() if name_at < len(row) and name_at != sentence.column else ""
        if not (_NAMED.search(name) or _is_named_column(sentence.header[name_at]) or _seasonal_heading(sentence)):
            continue
        rest = " ".join(cell for at, cell in enumerate(cells_of(sentence)) if at != name_at)
        days = ranges(sentence.text)
        if len(days) == 1 and sentence.column != name_at:
            yield _season(name, days[0], sentence, rest)
        elif _FIRST_HEAD.match(head):
            ends = [cell for one, cell in zip(sentence.header, row, strict=False) if _LAST_HEAD.match(one)]
            first = one_day(sentence.text, False)
            last = one_day(ends[0], True) if len(ends) == 1 else None
            if first and last:
                yield _season(name, Days(0, len(sentence.text), first, last), sentence, rest)


def _season(name: str, days: Days, sentence: Sentence, near: str) -> Season:
    zones = set(TIMEZONE.findall(near))
    times = (days.opens, days.closes) if days.opens and days.closes else hours(near) or (None, None)
    vague = days.first.vague or days.last.vague
    return Season(
        place=sentence.at(days.start, days.end),
        sentence=sentence.text if sentence.where != "cell" else " | ".join(sentence.row),
        headings=headings_of(sentence),
        confidence=Confidence.GUESS
        if vague or not name
        else Confidence.CERTAIN
        if sentence.where == "cell"
        else Confidence.LIKELY,
        name=name,
        first=_pair(days.first),
        last=_pair(days.last),
        year=days.first.year or days.last.year,
        opens=times[0],
        closes=times[1],
        daily=bool(times[0]) and not (days.opens and days.closes) and _daily(near),
        workdays=WORKDAYS.search(near) is not None,
        holidays=HOLIDAYS.search(near) is not None,
        timezone=zones.pop() if len(zones) == 1 else "",
        territories=territories_in(near),
    )


def _completed(season: Season, context: Context) -> Season:
    """Hours, zones and workdays that the section's other sentences give the season."""
    for sentence, _ in context.promising("prose", "item"):
        if (
            headings_of(sentence) != season.headings
            or sentence.text == season.sentence
            or not _SEASONAL.search(sentence.text)
        ):
            continue
        if season.opens is None and (times := hours(sentence.text)):
            season = replace(season, opens=times[0], closes=times[1], daily=_daily(sentence.text))
        zones = set(TIMEZONE.findall(sentence.text))
        if not season.timezone and len(zones) == 1:
            season = replace(season, timezone=zones.pop())
        if WORKDAYS.search(sentence.text) and not re.search(r"\b(?:not|nicht|auch|also|even)\b", sentence.text):
            season = replace(season, workdays=True, holidays=season.holidays or HOLIDAYS.search(sentence.text) is not None)
    return season


def _daily(text: str) -> bool:
    """Whether hours are those of each day; `windows open at 06:00 and close at 22:00` are the first and the last day's."""
    if _CONTINUOUS.search(text):
        return False
    return bool(_DAILY.search(text) or WORKDAYS.search(text) or not re.search(r"\b(?:opens?|öffne[nt])\b", text))


def season_of(sentence: Sentence, context: Context) -> str:
    """The season that a sentence, or else its headings, speak of; ''."""
    return _name_in(sentence.text, context) or _name_above(sentence.headings, context, strict=True)


def season_in(text: str, context: Context) -> str:
    """The one season named in a text, or ''."""
    return _name_in(text, context)


def _name_in(text: str, context: Context) -> str:
    known = [name for name in context.words.seasons if re.search(rf"\b{re.escape(name)}", text, re.IGNORECASE)]
    if len(known) == 1:
        found = re.search(rf"\b{re.escape(known[0])}", text, re.IGNORECASE)
        return found[0] if found else known[0]
    named = {one.group() for one in _NAMED.finditer(text)}
    if len(named) == 1:
        return _plain(named.pop())
    joined = _JOINED.search(text) or _BEFORE_SEASON.search(text)
    if joined and not named:
        name = str(joined.groupdict().get("name") or joined.groupdict().get("after") or "")
        return "" if _NO_NAMES.fullmatch(name.lower()) else _plain(name)
    return ""


_NO_NAMES = re.compile(
    r"the|der|die|das|in|a|each|every|jede|diese|this|that|high|hoch|haupt|neben|off|peak|per|pro|vor|nach|während"
    r"|during|lasts|dauert"
)


def _plain(name: str) -> str:
    """A season's name without the word season, and without what joins the two: `Weihnachtsgeschäft` is Weihnachten."""
    plain = re.sub(r"-?(?:saison|geschäft|season)$", "", name, flags=re.IGNORECASE) or name
    return {"weihnachts": "Weihnachten", "oster": "Ostern"}.get(plain.lower(), plain)


def _label(text: str) -> str:
    """`Autumn term: from 1 September …`: a name of a few words before a colon."""
    found = re.match(r"\W*(?P<name>[A-ZÄÖÜ][\w'-]*(?: [\w'-]+){0,3}):\s", text)
    return "" if found is None or _GENERIC.match(found["name"]) else str(found["name"])


def _name_above(headings: tuple[Heading, ...], context: Context, strict: bool = False) -> str:
    for heading in reversed(headings):
        name = _name_in(heading.text, context)
        if name:
            return name
        if (
            not strict
            and heading.level > 1
            and not _GENERAL.search(re.sub(r"^[\d.]+\s+", "", heading.text))
            and len(heading.text.split()) <= 3
        ):
            return re.sub(r"^[\d.]+\s+", "", heading.text.strip())
    return ""


def _is_season(sentence: Sentence, context: Context) -> bool:
    return any(_SEASONAL.search(one.text) or _name_in(one.text, context) for one in sentence.headings[-2:])


def _seasonal_heading(sentence: Sentence) -> bool:
    return any(
        re.search(r"season|saison|zeitfenster|windows|kalender|calendar", one.text, re.IGNORECASE)
        for one in sentence.headings[-1:]
    )


def _is_named_column(head: str) -> bool:
    return re.match(r"(?:season|saison|kampagne|campaign)\b", head.strip(), re.IGNORECASE) is not None


def _pair(day: Day) -> tuple[int, int]:
    return day.month, day.day
