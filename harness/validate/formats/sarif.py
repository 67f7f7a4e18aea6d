"""SARIF 2.1.0 (OASIS): what code scanning of GitHub, GitLab and editors read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import harness
from harness.validate.explain import explained
from harness.validate.finding import Finding, Severity
from harness.validate.formats import Format
from harness.validate.report import Report
from harness.validate.rule import ValidationRule
from harness.validate.text import Place

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def write(report: Report, colour: bool) -> str:
    """One run with the rules that found something. Silenced findings are in it, marked as suppressed."""
    told = [*report.findings, *report.silenced]
    used = sorted({finding.rule for finding in told})
    rules = {rule.id: rule for rule in report.rules}
    index = {id_: number for number, id_ in enumerate(used)}
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "rehearse validate",
                        "semanticVersion": harness.__version__,
                        "rules": [_rule(rules[id_]) for id_ in used if id_ in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "Where the command ran."}}},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {
                                "level": "note",
                                "message": {"text": f"Not looked at: {one.why}."},
                                "locations": [{"physicalLocation": _physical(one.place)}],
                            }
                            for one in report.skipped
                        ],
                    }
                ],
                "results": [
                    *(_result(finding, index, report) for finding in report.findings),
                    *(
                        {**_result(finding, index, report), "suppressions": [{"kind": "inSource"}]}
                        for finding in report.silenced
                    ),
                ],
            }
        ],
    }
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: ValidationRule) -> dict[str, Any]:
    page = explained(rule.id)
    return {
        "id": rule.id,
        "name": rule.name.title().replace("-", ""),
        "shortDescription": {"text": rule.says},
        "fullDescription": {"text": rule.says},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["rehearse", rule.id.rstrip("0123456789")]},
    }


def _result(finding: Finding, index: dict[str, int], report: Report) -> dict[str, Any]:
    defect = finding.defect
    made = "" if defect.place.on_disk is defect.place else f"Line {defect.place.line} of what helm makes of it: "
    said = f"{made}{defect.says}. {defect.mend}." + (f" Understood: {defect.understood}." if defect.understood else "")
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": said},
        "locations": [{"physicalLocation": _physical(defect.place)}],
        "properties": {"confidence": defect.confidence.value},
    }
    if finding in report.fingerprints:
        result["partialFingerprints"] = {"rehearse/v1": report.fingerprints[finding]}
    if defect.related:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(one.place), "message": {"text": one.says or "the other place"}}
            for number, one in enumerate(defect.related, 1)
        ]
    return result


def _physical(place: Place) -> dict[str, Any]:
    place = place.on_disk
    return {
        "artifactLocation": _artifact(place.path),
        "region": {
            "startLine": max(place.line, 1),
            "startColumn": max(place.column, 1),
            "endColumn": max(place.end_column, place.column + 1),
        },
    }


def _artifact(path: Path) -> dict[str, str]:
    if path.is_absolute():
        return {"uri": "file://" + quote(path.as_posix())}
    return {"uri": quote(path.as_posix()), "uriBaseId": "%SRCROOT%"}


FORMAT = Format("for code scanning: SARIF 2.1.0", write)
