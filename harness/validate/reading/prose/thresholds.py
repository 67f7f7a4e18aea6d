"""Limits in sentences: `p95 < 300 ms`, `at most 2 % of the requests fail`, `über 70 % seit 2 Minuten`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from harness.validate.artefacts import Sentence
from harness.validate.finding import Confidence
from harness.validate.promises import Measure, Threshold
from harness.validate.reading.prose.comparisons import Comparison, around
from harness.validate.reading.prose.context import Context, headings_of
from harness.validate.reading.prose.quantities import Amount, amounts
from harness.validate.reading.prose.subjects import (
    ELLIPTIC,
    HIGHER_IS_BETTER,
    NEUTRAL,
    SHARE_OF,
    UNITS,
    alerts_in,
    component_in,
    measure_in,
    measure_of_name,
    metrics_in,
    percentile_in,
    territories_in,
)

_WINDOW = re.compile(
    r"(?:\bfor(?: at least| more than| longer than| the last)?|\bover the (?:last|past)|\bduring|\bfür(?: mindestens"
    r"| mehr als| länger als)?"
    r"|\bseit(?: mindestens| mehr als| über)?|\bwährend|\bmindestens|\blänger als|\bmore than|\bover"
    r"|\büber)(?: a period of| a| die letzten| the last)?\s*$",
    re.IGNORECASE,
)
_SURE_WINDOW = re.compile(
    r"(?:\bfor(?: at least| more than| longer than| the last)?|\bfür(?: mindestens| mehr als| länger als)?"
    r"|\bseit(?: mindestens| mehr als| über)?)"
    r"(?: a period of| a| the last)?\s*$",
    re.IGNORECASE,
)
_LASTING = re.compile(r"\s*lang\b|\s*(?:in a row|am Stück|long)\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(?:not|never|without|nobody|nicht|nie|kein\w*|ohne|niemand)\b|n't\b|\bno (?!later)(?:\w+)", re.IGNORECASE
)
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|once|until|unless|as soon as|while|wenn|sobald|falls|solange|bis|sofern|steigt|liegt|ist)\b",
    re.IGNORECASE,
)
_HARD_CONDITION = re.compile(r"\b(?:if|when|whenever|once|until|unless|as soon as|wenn|sobald|falls|bis)\b", re.IGNORECASE)
_ALERTING = re.compile(
    r"\balert\w*|\balarm\w*|\bfires?\b|\bfeuert\b|\bpages?\b|\bwarn\w*|\bcritical|\bkritisch|schlägt an|\blöst\b"
    r"|\bauslös\w*|\btrigger\w*"
    r"|\beskal\w*|\bescalat\w*|\bP[1-4]\b|\bschlecht\b|\bbad\b|schwellwert|schwelle\b|threshold",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"\b(?P<level>critical|warning|kritisch|warnung|P[1-4])\b", re.IGNORECASE)
LEVELS = {"kritisch": "critical", "warnung": "warning"}
_TASK = re.compile(
    r"\b(?:scale|raise|lower|set|increase|reduce|wait|retry|sleep|skalier\w*|erhöh\w*|setz\w*|warte[nt]?|starte\w*"
    r"|timeout|ttl|cooldown"
    r"|polling|keep-?alive|retention|aufbewahr\w*|rabatt|discount|budget|mwst|vat|cost|kosten|payload"
    r"|first \d+ requests|ersten? \d+ (?:requests|anfragen)|new pods?|neuen? pods?|disk|festplatte\w*|speicherplatz"
    r"|cache)\b",
    re.IGNORECASE,
)


_WAITING = re.compile(
    r"\bwait(?= (?:more|longer) than [\w. ]{1,24} in (?:the|a) (?:\w+ )?(?:queue|line|waiting room)\b)"
    r"|\bwarten(?= (?:mehr|länger) als [\w. ]{1,24} in (?:der|einer) \w*(?:schlange|queue)\b)"
    r"|(?<=\bes )warten(?= (?:mehr als|über) \d)"
    r"|(?P<who>\b(?:more than|mehr als|over|über) \d[\d.,]* (?!min|sec|sek|stund|hour|ms\b|s\b|tag|day)(?:[^\W\d_]+ ){1,2})"
    r"(?:wait|warten)\b(?! auf\b| for (?:the|their|our)\b)",
    re.IGNORECASE,
)
"""`More than 500 events wait`: those who wait are counted or timed, and nobody is told to wait."""
_AGED = re.compile(r"\b(?:older than|älter als)\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\bnicht \w+(?:te[nrs]?|ene[nrs]?)\s+(?=[A-ZÄÖÜ])")
"""`die älteste nicht verschickte Mail` says no no."""
_ANSWERED = re.compile(
    r"\b(?:answered|served|done|finished|processed|complete[sd]?|beantwortet|bedient|verarbeitet|fertig|erledigt|antworten"
    r"|abgeschlossen)\b",
    re.IGNORECASE,
)


_SCALES = re.compile(
    r"\b(?:auto-?)?scal(?:e|ing) (?:triggers?|polic(?:y|ies)|rules?|criteria|conditions?|signals?|metrics?)\b"
    r"|\bwhen to scale\b|\bautomatic(?:ally)? scal|\bwann skalier|\bautomatische\w* skalier"
    r"|\bskalierungs?(?:regel|auslöser|kriteri|signal)",
    re.IGNORECASE,
)
"""Headings over what makes an autoscaler act: nobody is to be called for that."""
_CAPACITIES = frozenset({Measure.MEMORY, Measure.CONNECTIONS, Measure.CPU, Measure.REQUESTS, Measure.DEPTH})
_COUNTED = re.compile(
    r"\s*(?:$|[.,;:)]|(?:per|pro|in|within|for|for the|seit|für|and|und|or|oder|is|ist|open|offene|waiting|wartende"
    r"|pending|nicht|not)\b"
    r"|(?:messages?|nachrichten|entries|einträge\w*|events?|ereignisse\w*|jobs?|items?|connections?|verbindungen"
    r"|restarts?|neustarts?)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A compared amount of a sentence; `since`: where the words that concern it begin, `until`: where they end."""

    amount: Amount
    comparison: Comparison
    since: int
    until: int
    window: timedelta | None = None


def thresholds(context: Context) -> Iterator[Threshold]:
    """The limits in prose, list items, and headings of a page."""
    for sentence, german in context.promising("prose", "item"):
        if any(_SCALES.search(one.text) for one in sentence.headings[-1:]):
            continue
        yield from read_sentence(context, sentence, german)


def read_sentence(context: Context, sentence: Sentence, german: bool) -> Iterator[Threshold]:
    """Every limit of one sentence whose measure, direction and unit are clear."""
    text = sentence.text
    if not any(character.isdigit() for character in text) or _TASK.search(_WAITING.sub(r"\g<who>", text)):
        return
    measure: Measure | None = None
    percentile: float | None = None
    component = ""
    for limit in limits(text, german):
        own = text[limit.since : limit.amount.start]
        rest = text[limit.amount.end : limit.until]
        metric, named = _subject(context, sentence, limit) or ("", None)
        unsure = named is None
        if named is not None:
            measure, percentile = named, percentile_in(own) or percentile_in(rest)
        else:
            # `95 % of the queries are answered within 300 ms and 95 % of the commands within 750 ms`
            again = percentile_in(own)
            if again is not None and measure is None and limit.amount.quantity.unit == "s" and _ANSWERED.search(text):
                measure = Measure.LATENCY
            unsure = again is None or measure is not Measure.LATENCY
            percentile = again or percentile
        alert = context.alert_above(sentence)
        if measure is None and alert:
            measure = measure_of_name(alert)
        if _AGED.search(own) and not (alert or alerts_in(text, context.words)):
            continue  # `Logs older than 30 days are deleted.`
        if measure is None or not _fits(measure, limit.amount, metric) or _is_capacity(text, measure, limit):
            continue
        good = direction(measure, limit.comparison)
        phrase = text[limit.since : limit.until]
        if good is None or _is_void(phrase, text, limit.comparison, good):
            continue
        where = territories_in(phrase)
        same = component if limit.since and ELLIPTIC.search(own) else ""
        component = component_in(own, context.words) or component_in(rest, context.words) or same
        if measure is Measure.LATENCY and percentile is None and not metric and good and not limit.comparison.demand:
            unsure = True
        yield Threshold(
            place=sentence.at(limit.comparison.start, limit.amount.end),
            sentence=text,
            headings=headings_of(sentence),
            confidence=Confidence.GUESS if unsure or len(where) > 1 else Confidence.LIKELY,
            measure=measure,
            comparison=limit.comparison.operator,
            limit=limit.amount.quantity,
            good=good,
            metric=metric,
            percentile=percentile if measure is Measure.LATENCY else None,
            component=component,
            territory=where[0] if len(where) == 1 else "",
            window=limit.window,
            alerts=(alerts_in(text, context.words) or ((alert,) if alert else ())) if not good else (),
            level=_level(phrase),
        )


def limits(text: str, german: bool) -> list[Limit]:
    """The compared amounts of a text, each with its stretch and the time it has to last."""
    found: list[tuple[Amount, Comparison]] = []
    lasting: list[Amount] = []
    all_ = amounts(text, german)
    shares = {one.start() for one in SHARE_OF.finditer(text)}
    for amount in all_:
        if amount.ranged or (amount.start in shares and any(one.quantity.unit == "s" for one in all_)):
            continue
        comparison = around(text, amount.start, amount.end) or _bare_in(text, amount)
        is_time = amount.quantity.unit == "s"
        others = any(one is not amount and (one.quantity.unit != "s" or found) for one in all_ if one.start not in shares)
        lasts = _lasts(text, amount, found) or _LASTING.match(text[amount.end :])
        if is_time and ((others and lasts) or (comparison is None and _WINDOW.search(text[: amount.start]))):
            lasting.append(amount)
        elif comparison is not None:
            found.append((amount, comparison))
    made: list[Limit] = []
    for index, (amount, comparison) in enumerate(found):
        since = 0 if index == 0 else found[index - 1][0].end
        until = found[index + 1][1].start if index + 1 < len(found) else len(text)
        since = max(since, text.rfind(";", 0, comparison.start) + 1)
        end = text.find(";", amount.end, until)
        until = end if end >= 0 else until
        window = next((one.duration for one in lasting if _belongs(one, index, found)), None)
        made.append(Limit(amount, comparison, since, until, window))
    return made


def _bare_in(text: str, amount: Amount) -> Comparison | None:
    """`95 % der Abfragen müssen in 300 ms beantwortet sein`: only of a share of them, and with what has to be done."""
    found = re.search(r"\bin\s+$", text[: amount.start])
    if found and amount.quantity.unit == "s" and SHARE_OF.search(text[: amount.start]) and _ANSWERED.search(text):
        return Comparison("<=", found.start(), True)
    return None


def _belongs(lasting: Amount, index: int, found: list[tuple[Amount, Comparison]]) -> bool:
    """Whether a stretch of time goes with this limit: the last one before it, or else the first."""
    before = sum(1 for amount, _ in found if amount.end <= lasting.start)
    return max(before - 1, 0) == index


def _lasts(text: str, amount: Amount, found: list[tuple[Amount, Comparison]]) -> bool:
    """Whether a stretch of time says how long something has to last: `for 2 min`, but not the limit of a latency."""
    if _SURE_WINDOW.search(text[: amount.start]):
        return True
    if not _WINDOW.search(text[: amount.start]):
        return False
    named = measure_in(text[found[-1][0].end if found else 0 : amount.start])
    return named is None or "s" not in UNITS[named[0]]


def direction(measure: Measure, comparison: Comparison) -> bool | None:
    """Whether the comparison says what has to hold (True) or what is bad (False); None where neither is sensible."""
    upper = comparison.operator.startswith("<")
    if measure in NEUTRAL:
        return True if comparison.demand else None
    good = upper != (measure in HIGHER_IS_BETTER)
    if comparison.demand and not good:
        return None
    return good


def _subject(context: Context, sentence: Sentence, limit: Limit) -> tuple[str, Measure] | None:
    """The metric or the measure that a limit is about: named before it, or else anywhere in its stretch."""
    for end in (limit.amount.start, limit.until):
        metrics = metrics_in(sentence, limit.since, end, context.words)
        if len(metrics) == 1:
            return metrics[0], measure_of_name(metrics[0]) or Measure.OTHER
        named = measure_in(sentence.text[limit.since : end])
        if named and (end == limit.until or limit.amount.quantity.unit in UNITS[named[0]]):
            return "", named[0]
    return None


def _is_capacity(text: str, measure: Measure, limit: Limit) -> bool:
    """What something can hold (`up to 2 TiB of memory`), or a number of other things (`5 Gbps`), is no limit to keep."""
    words = text[limit.comparison.start : limit.amount.start].lower()
    if measure in _CAPACITIES and words.startswith(("up to", "bis zu")):
        return True
    if limit.amount.quantity.unit != "count" or _WAITING.search(text, 0, limit.until):
        return False
    return _COUNTED.match(text[limit.amount.end :]) is None


def _fits(measure: Measure, amount: Amount, metric: str) -> bool:
    unit = amount.quantity.unit
    if measure is Measure.OTHER or metric:
        return bool(metric)
    if unit not in UNITS[measure]:
        return False
    return not (unit == "ratio" and amount.quantity.value > 1) and not (
        measure is Measure.LATENCY and amount.quantity.value > 120
    )


def _is_void(phrase: str, text: str, comparison: Comparison, good: bool) -> bool:
    """Negated, or the end of an incident rather than a promise: `once it is below 1 %, close it`."""
    words = text[: comparison.start] + text[comparison.start + 1 :] if comparison.demand else phrase
    if comparison.demand:
        words = text[: comparison.start]
    if _NEGATED.search(_ATTRIBUTE.sub("", words)):
        return True
    return good and _HARD_CONDITION.search(text[: comparison.start]) is not None


def _level(text: str) -> str:
    levels = (one["level"] for one in _LEVEL.finditer(text))
    found = {level.upper() if level[1].isdigit() else LEVELS.get(level.lower(), level.lower()) for level in levels}
    return found.pop() if len(found) == 1 else ""
