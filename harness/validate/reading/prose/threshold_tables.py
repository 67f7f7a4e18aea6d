"""Limits in tables: columns say what is good and what raises an alert, rows say what is measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from harness.validate.artefacts import Sentence
from harness.validate.finding import Confidence
from harness.validate.promises import Measure, Threshold
from harness.validate.reading.prose.comparisons import Comparison
from harness.validate.reading.prose.context import Context, header_cells, headings_of
from harness.validate.reading.prose.quantities import Amount, amounts
from harness.validate.reading.prose.subjects import (
    HIGHER_IS_BETTER,
    METRIC,
    METRIC_END,
    NEUTRAL,
    UNITS,
    alerts_in,
    component_in,
    measure_in,
    measure_of_name,
    percentile_in,
    territories_in,
)
from harness.validate.reading.prose.thresholds import Limit, limits

_GOOD = re.compile(
    r"^(?:good|gut|ok(?:ay)?|target|targets?|ziel(?:wert)?|slo|soll(?:wert)?|objective|normal|grün|green|healthy|gesund"
    r"|expected|erwartet"
    r"|promise[ds]?|zusage|zugesagt|guarantee[ds]?)\b",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"^(?:alert(?:s|ing)?(?: (?:at|when|threshold|if))?|alarm(?:e|schwelle|iert)?(?: (?:ab|bei|wenn))?|warn(?:ing|ung"
    r"|schwelle)?(?: (?:at|ab|bei|threshold))?"
    r"|gelb|yellow|amber|red|rot|critical(?: (?:at|threshold))?|kritisch(?: (?:ab|bei))?|bad|schlecht|schwell(?:e|wert)"
    r"|threshold|limit|grenzwert"
    r"|page|P[1-4]|condition|bedingung|fires when|feuert (?:wenn|bei))\b",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(r"^(?:schwell(?:e|wert)|threshold|limit|grenz(?:e|wert)|condition|bedingung)\b", re.IGNORECASE)
"""Columns that hold either: `< 800 ms` says there what has to hold, `> 800 ms` what is bad."""
_WARNING = re.compile(r"warn|gelb|yellow|amber", re.IGNORECASE)
_CRITICAL = re.compile(r"crit|krit|\brot\b|\bred\b", re.IGNORECASE)
_NAMED_LEVEL = re.compile(r"\b(critical|kritisch|warning|warnung|info|P[1-4])\b", re.IGNORECASE)
_LEVEL_HEAD = re.compile(r"(?:level|severity|stufe|schweregrad|warnstufe|alarmstufe|prio(?:rity|rität)?)\b", re.IGNORECASE)
_PEOPLE = re.compile(r"response|reaction|reaktion|antwort|resolution", re.IGNORECASE)
"""`| P1 | 15 min |` below `| Priority | Response time |` is how soon somebody answers, not a service."""
_AIMS = re.compile(r"\bSL[OA]s?\b|ziel|target|objective|limit|grenzwert|zusage|promise", re.IGNORECASE)
_SKIP = re.compile(r"^\s*(?:-|–|—|n/?a|keine?r?|none|tbd|\?|reported|equal)?\s*$", re.IGNORECASE)


def threshold_tables(context: Context) -> Iterator[Threshold]:
    """The limits in the cells of tables."""
    for sentence, german in context.promising("cell"):
        if sentence.header and sentence.column and not _SKIP.match(sentence.text):
            yield from _cell(context, sentence, german)


def _cell(context: Context, sentence: Sentence, german: bool) -> Iterator[Threshold]:
    head = header_cells(sentence)
    good, bad, either = bool(_GOOD.match(head)), bool(_BAD.match(head)), bool(_NEUTRAL.match(head))
    row = _subject_of(sentence)
    by_column = measure_in(head)
    if by_column is not None and not good and _is_level_row(sentence, head):
        bad = True
    if not (good or bad or either):
        if by_column is None or not (_AIMS.search(head) or any(_AIMS.search(one.text) for one in sentence.headings[-1:])):
            return
        good = True
    subject = f"{head} {row}" if by_column else row
    metric, measure = _measured(subject, context)
    if measure is None and METRIC.fullmatch(sentence.text.split(" ")[0]):
        return
    for limit in _limits(sentence, german, head, measure, good):
        if measure is None:
            metric, measure = _measured(sentence.text, context)
        if measure is None or (not metric and limit.amount.quantity.unit not in UNITS[measure]):
            continue
        percentile = percentile_in(subject) or percentile_in(sentence.text)
        upper = limit.comparison.operator.startswith("<")
        if measure not in NEUTRAL:
            says = upper != (measure in HIGHER_IS_BETTER)
            good = says if either else good
            if says != good:
                continue
        where = territories_in(subject)
        component = component_in(_components(sentence), context.words) or _component_column(sentence)
        named = bool(component or metric or measure is not Measure.LATENCY)
        sure = limit.comparison.start < limit.amount.start and named
        yield Threshold(
            place=sentence.at(limit.comparison.start, limit.amount.end),
            sentence=" | ".join(sentence.row),
            headings=headings_of(sentence),
            confidence=Confidence.GUESS if len(where) > 1 else Confidence.CERTAIN if sure else Confidence.LIKELY,
            measure=measure,
            comparison=limit.comparison.operator,
            limit=limit.amount.quantity,
            good=good,
            metric=metric,
            percentile=percentile if measure is Measure.LATENCY else None,
            component=component,
            territory=where[0] if len(where) == 1 else "",
            window=limit.window,
            alerts=() if good else alerts_in(" ".join(sentence.row), context.words),
            level="" if good else _level(head, sentence),
        )


def _limits(sentence: Sentence, german: bool, head: str, measure: Measure | None, good: bool) -> list[Limit]:
    """What the cell compares; a bare quantity is compared as its column says."""
    found = limits(sentence.text, german)
    if found:
        return found[:1]
    bare = [one for one in amounts(sentence.text, german) if not one.ranged]
    unit = re.search(r"[(\[](ms|s|%|min)[)\]]", head)
    if len(bare) != 1 or (bare[0].start > 2 and not sentence.text[: bare[0].start].isspace()):
        return []
    amount = bare[0]
    if amount.quantity.unit == "count" and unit is not None:
        again = amounts(f"{amount.quantity.written} {unit[1]}", german)
        amount = replace(again[0], start=amount.start, end=amount.end) if again else amount
    if amount.quantity.unit == "count" and measure not in (Measure.DEPTH, Measure.CONNECTIONS, Measure.RESTARTS):
        return []
    lower_is_better = measure not in HIGHER_IS_BETTER
    operator = ("<=" if lower_is_better else ">=") if good else (">" if lower_is_better else "<")
    return [
        Limit(amount, Comparison(operator, amount.start, good), 0, len(sentence.text), _after(sentence, amount, german))
    ]


def _after(sentence: Sentence, amount: Amount, german: bool) -> timedelta | None:
    rest = sentence.text[amount.end :]
    lasting = [one for one in amounts(rest, german) if one.quantity.unit == "s"]
    return lasting[0].duration if lasting and re.match(r"\s*(?:for|für|seit|über)\b", rest) else None


def _measured(text: str, context: Context) -> tuple[str, Measure | None]:
    """The metric and the measure that the naming cells speak of. Names of other things with underscores are no metrics."""
    words = [name.split("{")[0] for name in METRIC.findall(text)]
    metrics = [name for name in words if name in context.words.metrics or METRIC_END.search(name) or text.startswith(name)]
    if len(set(metrics)) == 1:
        return metrics[0], measure_of_name(metrics[0]) or Measure.OTHER
    if metrics:
        return "", None
    named = measure_in(text)
    return "", named[0] if named else None


def _subject_of(sentence: Sentence) -> str:
    """The cells of the row that name rather than limit."""
    return " ".join(
        cell
        for column, cell in enumerate(sentence.row)
        if column != sentence.column
        and (column == 0 or not (_GOOD.match(_head(sentence, column)) or _BAD.match(_head(sentence, column))))
        and (column == 0 or not amounts(cell, True))
    )


def _components(sentence: Sentence) -> str:
    return f"{_subject_of(sentence)} {header_cells(sentence)}"


def _component_column(sentence: Sentence) -> str:
    for column, head in enumerate(sentence.header[: len(sentence.row)]):
        if re.match(r"(?:service|dienst|workload|component|komponente|deployment|app|anwendung)\b", head, re.IGNORECASE):
            word = sentence.row[column].strip()
            return word if re.fullmatch(r"[\w-]+", word) and word.lower() not in ("all", "alle") else ""
    return ""


def _head(sentence: Sentence, column: int) -> str:
    return sentence.header[column] if column < len(sentence.header) else ""


def _is_level_row(sentence: Sentence, head: str) -> bool:
    """Whether a row holds the limits of a level: `| warning | 750 ms |` below `| Level | p95 |`; not when people react."""
    if sentence.column and _LEVEL_HEAD.match(_head(sentence, 0)) and _NAMED_LEVEL.fullmatch(sentence.row[0].strip("` ")):
        return percentile_in(head) is not None or _PEOPLE.search(head) is None
    return False


def _level(head: str, sentence: Sentence) -> str:
    if _CRITICAL.search(head):
        return "critical"
    if _WARNING.search(head):
        return "warning"
    named = {one.lower() for one in _NAMED_LEVEL.findall(" ".join(sentence.row))}
    level = named.pop() if len(named) == 1 else head if re.fullmatch(r"P[1-4]", head) else ""
    return {"kritisch": "critical", "warnung": "warning"}.get(
        level, level.upper() if re.fullmatch(r"p\d", level) else level
    )
