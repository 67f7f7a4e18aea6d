"""The verdict as JUnit XML, as CI systems show it: one test case per finding."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from harness.errors import Unavailable
from harness.expectations.base import Finding, Result
from harness.judge.verdict import Verdict

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdict: Verdict) -> str:
    """JUnit XML: fail and no_data are failures (skipped where the runbook allows no data), invalid is an error."""
    suites = ET.Element("testsuites", name="rehearse")
    suite = ET.SubElement(suites, "testsuite", name=_clean(verdict.rehearsal))
    for finding in verdict.findings:
        suite.append(_case(finding, verdict))
    counted = {
        "tests": len(verdict.findings),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    for element in (suites, suite):
        for name, count in counted.items():
            element.set(name, str(count))
        element.set("time", f"{verdict.ended - verdict.started:.3f}")
    suite.set("timestamp", datetime.fromtimestamp(verdict.started, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    properties = ET.Element("properties")
    for name in ("run", "target", "lapse", "result", "exit_code", "harness"):
        value = getattr(verdict, name)
        ET.SubElement(properties, "property", name=name, value=_clean(str(int(value) if name == "exit_code" else value)))
    suite.insert(0, properties)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def write_junit(verdict: Verdict, path: Path) -> None:
    """Write JUnit XML. Raises Unavailable where the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(junit(verdict), encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}; name another file with --junit.") from None


def _case(finding: Finding, verdict: Verdict) -> ET.Element:
    name = f"{finding.id} [{finding.subject}]" if finding.subject else finding.id
    case = ET.Element("testcase", name=_clean(name), classname=_clean(f"{verdict.rehearsal}.{finding.kind}"))
    if finding.since is not None and finding.until is not None:
        case.set("time", f"{max(0.0, finding.until - finding.since):.3f}")
    if finding.source is not None:
        case.set("file", _clean(finding.source.path))
        case.set("line", str(finding.source.line))
    if finding.result is not Result.PASS:
        allowed = finding.result is Result.NO_DATA and finding.allowed
        tag = "skipped" if allowed else "error" if finding.result is Result.INVALID else "failure"
        problem = ET.SubElement(case, tag, message=_clean(finding.allowed or finding.reason or finding.observed))
        if not allowed:
            problem.set("type", finding.result.value)
        where = f"\nrunbook:  {finding.source.path}:{finding.source.line}" if finding.source else ""
        problem.text = _clean(
            f"\nwanted:   {finding.wanted}\nobserved: {finding.observed}\nreason:   {finding.reason}{where}\n"
        )
    return case


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
