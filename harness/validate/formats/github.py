"""For GitHub Actions: workflow commands that become annotations on the lines of a pull request."""

from __future__ import annotations

from harness.validate.finding import Finding, Severity
from harness.validate.formats import Format
from harness.validate.report import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(report: Report, colour: bool) -> str:
    """One command per finding, and the summary as plain text."""
    lines = [_command(finding) for finding in report.findings]
    return "\n".join([*lines, *(f"note: {note}" for note in report.notes), report.summary()]) + "\n"


def _command(finding: Finding) -> str:
    place, defect = finding.place.on_disk, finding.defect
    path, line = place.path.as_posix(), place.line
    properties = {
        "file": path,
        "line": str(line),
        "col": str(place.column),
        "endColumn": str(max(place.column, place.end_column - 1)),
        "title": f"{finding.rule} {finding.name}",
    }
    rendered = [f"Line {finding.place.line} of what helm makes of it:"] if place is not finding.place else []
    said = [*rendered, f"{defect.says}.", f"{defect.mend}."]
    said += [f"Understood: {defect.understood}."] if defect.understood else []
    said += [f"{one.place}: {one.says}" for one in defect.related]
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {shown}::{_data(chr(10).join(said))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMAT = Format("for GitHub Actions: annotations on the lines of a pull request", write)
