"""For CI systems that show tests: a test case per rule that found nothing, and one per finding."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from harness.validate.finding import Finding
from harness.validate.formats import Format
from harness.validate.report import Report

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report, colour: bool) -> str:
    """A finding below `fail_on` is a case that passes and says so in its output."""
    failing = [finding for finding in report.findings if finding.severity >= report.fail_on]
    found = {finding.rule for finding in report.findings}
    quiet = [rule for rule in report.rules if rule.id not in found]
    counts = {"tests": str(len(report.findings) + len(quiet)), "failures": str(len(failing)), "errors": "0"}
    root = ET.Element("testsuites", {"name": "rehearse validate", **counts, "time": f"{report.seconds:.3f}"})
    suite = ET.SubElement(root, "testsuite", {"name": "rehearse validate", **counts, "skipped": "0"})
    for rule in quiet:
        ET.SubElement(suite, "testcase", {"classname": "rules", "name": f"{rule.id} {rule.name}"})
    for finding in report.findings:
        _case(suite, finding, finding.severity >= report.fail_on)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, finding: Finding, failed: bool) -> None:
    place, defect = finding.place, finding.defect
    name = _clean(f"{finding.rule} line {place.line}: {defect.says}")
    attributes = {"classname": _clean(place.path.as_posix()), "name": name, "file": _clean(place.path.as_posix())}
    case = ET.SubElement(suite, "testcase", {**attributes, "line": str(place.line)})
    lines = [f"{place.path.as_posix()}:{place.line}:{place.column}: {defect.says}", f"help: {defect.mend}"]
    lines += [f"understood: {defect.understood}"] if defect.understood else []
    lines += [f"{one.place}: {one.says}" for one in defect.related]
    text = _clean("\n".join(lines))
    if failed:
        failure = {"type": f"{finding.severity}", "message": _clean(defect.says)}
        ET.SubElement(case, "failure", failure).text = text
    else:
        ET.SubElement(case, "system-out").text = f"{finding.severity}: {text}"


def _clean(text: str) -> str:
    """Without the characters that XML cannot carry."""
    return _FORBIDDEN.sub("�", text)


FORMAT = Format("for CI systems that show tests (JUnit XML)", write)
