"""For people at a terminal: each finding with its line, the other place of a contradiction, and how to mend it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.text import Text

from harness.validate.coverage import Table
from harness.validate.finding import Finding, Severity
from harness.validate.formats import Format
from harness.validate.report import Report, count_of
from harness.validate.text import Place

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_WIDEST = 160
"""Longer source lines are cut around the place that is meant."""


def write(report: Report, colour: bool) -> str:
    """The whole report."""
    return _printed(_report(report), colour)


def excerpt(finding: Finding, report: Report) -> str:
    """One finding, without colours."""
    return _printed(_finding(finding, report), False)


def _printed(texts: Iterable[Text], colour: bool) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=colour, no_color=not colour, color_system="standard" if colour else None,
        width=10_000, highlight=False, soft_wrap=True, emoji=False, markup=False,
    )  # fmt: skip
    for text in texts:
        console.print(text)
    return stream.getvalue()


def _report(report: Report) -> Iterator[Text]:
    for finding in report.findings:
        yield from _finding(finding, report)
        yield Text()
    if report.understood:
        yield from _understood(report)
    if report.coverage is not None:
        yield from _coverage(report.coverage)
    for title, body in report.extra.items():
        yield Text(title, "bold")
        yield Text(body)
    for note in report.notes:
        yield Text(f"note: {note}")
    for why, group in groupby(sorted(report.skipped, key=lambda one: one.why), key=lambda one: one.why):
        places = [one.place for one in group]
        shown = ", ".join(_short(place) for place in places[:3]) + (", …" if len(places) > 3 else "")
        yield Text(f"skipped {count_of(len(places), 'time')}: {why} ({shown})", "dim")
    counts = report.counts()
    worst = next((severity for severity, number in counts.items() if number), None)
    style = _STYLES[worst] if worst is not None else "bold green"
    yield Text.assemble((report.summary(), style), f" ({report.seconds:.1f} s)")


def _finding(finding: Finding, report: Report) -> Iterator[Text]:
    style = _STYLES[finding.severity]
    defect = finding.defect
    yield Text.assemble((f"{finding.severity}[{finding.rule}]", style), (f": {_printable(defect.says)}", "bold"))
    width = max(len(str(place.line)) for place in (defect.place, *(one.place for one in defect.related)))
    yield from _excerpt(defect.place, "-->", "^", "", style, width, report)
    for other in defect.related:
        yield from _excerpt(other.place, ":::", "-", other.says, "bold blue", width, report)
    yield _remark("help", defect.mend, width)
    if defect.understood:
        yield _remark("understood", defect.understood, width)


def _excerpt(place: Place, arrow: str, mark: str, says: str, style: str, width: int, report: Report) -> Iterator[Text]:
    line = report.sources.line(place)
    yield Text.assemble(
        " " * width,
        (arrow, "blue"),
        f" {_printable(str(place.path))}:{place.line}:{place.column}",
        "" if line is not None or not says else f" {says}",
    )
    if line is None:
        return
    start = min(max(place.column - 1, 0), len(line))
    end = min(max(place.end_column - 1, start + 1), max(len(line), start + 1))
    if len(line) > _WIDEST:
        cut = max(0, start - _WIDEST // 3)
        line, start, end = line[cut : cut + _WIDEST], start - cut, min(end - cut, _WIDEST)
    gutter = " " * width + " |"
    yield Text(gutter, "blue")
    yield Text.assemble((f"{place.line:>{width}} | ", "blue"), _printable(line).rstrip())
    under = (mark * max(end - start, 1), style)
    yield Text.assemble((f"{gutter} ", "blue"), " " * start, under, (f" {_printable(says)}", style) if says else "")


def _remark(name: str, text: str, width: int) -> Text:
    return Text.assemble((f"{' ' * width} = ", "blue"), (f"{name}: ", "bold"), _printable(text))


def _understood(report: Report) -> Iterator[Text]:
    promises = report.estate.promises
    yield Text(f"understood {count_of(len(promises), 'promise')}", "bold")
    for promise in promises:
        yield Text.assemble(f"  {promise.place}: ", (promise.understood(), "bold"), f" ({promise.confidence.value})")
        yield Text(f"      “{' '.join(promise.sentence.split())}”", "dim")
    yield Text()


def _coverage(coverage: Table) -> Iterator[Text]:
    for title, header, rows in coverage.tables():
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        yield Text(f"coverage: {title.lower()}", "bold")
        for number, row in enumerate((header, *rows)):
            line = "  ".join(f"{_printable(cell):<{width}}" for cell, width in zip(row, widths, strict=True))
            yield Text(f"  {line.rstrip()}", "dim" if number == 0 else "")
        yield Text()


def _short(place: Place) -> str:
    return _printable(str(place.path) if place.line == 1 else str(place))


def _printable(line: str) -> str:
    """The line without what would move a terminal's cursor; every character keeps its column."""
    return "".join(letter if letter.isprintable() else " " for letter in line)


FORMAT = Format("for people: source lines with carets, both places of a contradiction, how to mend it", write)
