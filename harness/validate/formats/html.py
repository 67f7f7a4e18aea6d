"""A page of its own, without anything from the net: findings, and the coverage where it was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from harness.validate.finding import Finding
from harness.validate.formats import Format
from harness.validate.report import Report

_STYLE = """\
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8886; vertical-align: top }
td.none { color: #c62828; font-weight: 600 }
.error { color: #c62828 } .warning { color: #b26a00 } .info { color: #1565c0 }
code, pre { font: 13px ui-monospace, monospace } pre { overflow-x: auto; background: #8882; padding: .5rem }"""


def write(report: Report, colour: bool) -> str:
    """The whole page."""
    body = "\n".join(_body(report))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>rehearse validate</title>\n'
        f"<style>\n{_STYLE}\n</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _body(report: Report) -> Iterator[str]:
    yield f"<h1>rehearse validate</h1>\n<p>{escape(report.summary())}.</p>"
    for title, header, rows in report.coverage.tables() if report.coverage is not None else ():
        yield f"<h2>Coverage: {escape(title.lower())}</h2>"
        yield _table(header, rows)
    if report.findings:
        yield "<h2>Findings</h2>"
        yield from (_finding(finding, report) for finding in report.findings)
    for title, text in report.extra.items():
        yield f"<h2>{escape(title.capitalize())}</h2>\n<pre>{escape(text)}</pre>"
    if report.understood:
        yield "<h2>Understood</h2>"
        rows = [(str(one.place), one.understood(), one.confidence.value) for one in report.estate.promises]
        yield _table(("place", "understood", "confidence"), rows)
    if report.skipped or report.notes:
        yield "<h2>Not looked at</h2>"
        yield "<ul>" + "".join(f"<li>{escape(note)}</li>" for note in report.notes)
        yield "".join(f"<li><code>{escape(str(one.place))}</code>: {escape(one.why)}</li>" for one in report.skipped)
        yield "</ul>"


def _finding(finding: Finding, report: Report) -> str:
    defect = finding.defect
    line = report.sources.line(defect.place)
    parts = [
        f'<p><b class="{finding.severity}">{finding.severity} {finding.rule}</b> '
        f"<code>{escape(str(defect.place))}</code>: {escape(defect.says)}.<br>{escape(defect.mend)}."
    ]
    parts += [f"<br>understood: {escape(defect.understood)}" if defect.understood else ""]
    parts += [f"<br><code>{escape(str(one.place))}</code>: {escape(one.says)}" for one in defect.related]
    return "".join(parts) + "</p>" + (f"\n<pre>{escape(line.strip())}</pre>" if line is not None else "")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = ["".join(f"<td{_class(cell)}>{escape(cell)}</td>" for cell in row) for row in rows]
    return (
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>"
        + "\n".join(f"<tr>{one}</tr>" for one in lines)
        + "</tbody></table>"
    )


def _class(cell: str) -> str:
    return ' class="none"' if cell in ("–", "fail") else ""


FORMAT = Format("a page of its own, for the coverage above all", write)
