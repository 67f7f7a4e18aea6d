"""For a comment on a pull request: the worst first, each with its line and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.finding import Finding, Severity
from harness.validate.formats import Format
from harness.validate.report import Report
from harness.validate.text import Place

MOST = 60
"""A comment holds 65,536 characters; more findings than this are only counted."""
_SIGNS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.INFO: "🔵"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def write(report: Report, colour: bool) -> str:
    """A whole comment."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield "### rehearse validate"
    yield ""
    yield report.summary() + "."
    worst_first = sorted(report.findings, key=lambda finding: -finding.severity)
    for finding in worst_first[:MOST]:
        yield ""
        yield from _finding(finding, report)
    if len(worst_first) > MOST:
        yield f"\nand {len(worst_first) - MOST} more."
    for title, header, rows in report.coverage.tables() if report.coverage is not None else ():
        yield f"\n#### Coverage: {title.lower()}\n"
        yield f"| {' | '.join(header)} |"
        yield "|" + "---|" * len(header)
        yield from (f"| {' | '.join(map(_escaped, row))} |" for row in rows)
    for title, body in report.extra.items():
        yield f"\n#### {title}\n\n{body.rstrip()}"
    if report.understood:
        yield "\n#### Understood\n"
        for promise in report.estate.promises:
            yield f"- {_at(promise.place)}: {_escaped(promise.understood())} ({promise.confidence.value})"
    if report.notes or report.skipped:
        yield "\n<details><summary>Not looked at</summary>\n"
        yield from (f"- {_escaped(note)}" for note in report.notes)
        yield from (f"- {_at(one.place)}: {_escaped(one.why)}" for one in report.skipped[:MOST])
        if len(report.skipped) > MOST:
            yield f"- and {len(report.skipped) - MOST} more"
        yield "\n</details>"


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    defect = finding.defect
    yield f"{_SIGNS[finding.severity]} **{finding.rule}** {_at(finding.place)}: {_escaped(defect.says)}."
    yield from _source(finding.place, report)
    for other in defect.related:
        yield f"- {_at(other.place)}: {_escaped(other.says)}"
    if defect.understood:
        yield f"- understood: {_escaped(defect.understood)}"
    yield f"- {_escaped(defect.mend)}."


def _source(place: Place, report: Report) -> Iterator[str]:
    line = report.sources.line(place)
    if line is not None and line.strip():
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", line)), default=0))
        yield f"\n{fence}text\n{line.rstrip()[:300]}\n{fence}\n"


def _at(place: Place) -> str:
    return f"`{str(place).replace('`', '')}`"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("@", "&#64;")


FORMAT = Format("for a comment on a pull request", write)
