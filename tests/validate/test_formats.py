"""Every format: what it is made for, and what is hard to write in it."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from harness.errors import BadInput
from harness.validate.artefacts import Found, Skipped
from harness.validate.document import schema
from harness.validate.estate import Estate
from harness.validate.finding import Confidence, Defect, Finding, Related, Severity
from harness.validate.fingerprint import Sources, fingerprints
from harness.validate.formats import format_of, names
from harness.validate.registry import rules
from harness.validate.report import Report
from harness.validate.session import Wishes, examine
from harness.validate.text import Place, TextFile
from tests.validate.artefacts import SCALER

ODD = 'odd, name: 100% "<&>" `*`\t@team\x1b[31m.yaml'
LINE = 'key: "100% `tick` <b>\x1b[31m" # ü'


def report(*findings: Finding, fail_on: Severity = Severity.ERROR) -> Report:
    found = Found(
        files=[TextFile(Path(ODD), f"one\n{LINE}\n")], skipped=[Skipped(Place(Path("big.yaml"), 1), "it is large")]
    )
    sources = Sources(found.files)
    return Report(
        estate=Estate(found), findings=findings, fingerprints=fingerprints(findings, sources), sources=sources,
        rules=rules(), fail_on=fail_on, notes=("no database",),
    )  # fmt: skip


def finding(severity: Severity = Severity.ERROR, line: int = 2) -> Finding:
    defect = Defect(
        Place(Path(ODD), line, 6, 12),
        "Says 100% of\nit: a, b | `*` <b> @team",
        "Mend * it",
        (Related(Place(Path(ODD), 1, 1, 4), "the other"),),
        Confidence.LIKELY,
        "p95 < 300 ms",
    )
    return Finding("SC004", "cron-above-max", severity, defect)


ALL = (finding(), finding(Severity.WARNING), finding(Severity.INFO, 99))


@pytest.mark.parametrize("name", names())
def test_every_format_writes_odd_findings_and_none_and_always_the_same(name: str) -> None:
    write = format_of(name).write
    assert write(report(*ALL), False) == write(report(*ALL), False)
    assert write(report(), False).endswith("\n")


def test_a_format_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(
        BadInput, match="There is no format 'xml'; there are github, html, json, junit, markdown, sarif, text"
    ):
        format_of("xml")


def test_text_shows_both_places_with_carets_and_moves_no_cursor() -> None:
    text = format_of("text").write(report(finding()), False)
    assert "\x1b" not in text
    assert "2 | " + LINE.replace("\x1b", " ") in text
    assert "  |      ^^^^^^\n" in text
    assert "1 | one\n  | --- the other\n" in text
    assert "  = help: Mend * it\n  = understood: p95 < 300 ms\n" in text
    assert text.splitlines()[-1].startswith("1 error in 1 file by ")
    assert "skipped 1 time: it is large (big.yaml)" in text
    assert "\x1b[1;31merror[SC004]" in format_of("text").write(report(finding()), True)


def test_json_fits_its_schema_which_is_strict() -> None:
    told = json.loads(format_of("json").write(report(*ALL), False))
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    validator.validate(told)
    assert [one["severity"] for one in told["findings"]] == ["error", "warning", "info"]
    assert told["skipped"] == [
        {"place": {"path": "big.yaml", "line": 1, "column": 1, "end_column": 1}, "why": "it is large"}
    ]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**told, "more": 1})


REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {
        name: {"type": "integer", "minimum": 1} for name in ("startLine", "startColumn", "endLine", "endColumn")
    },
    "additionalProperties": False,
}
PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "properties": {"uri": {"type": "string", "pattern": r"^[!-~]+$"}, "uriBaseId": {"type": "string"}},
            "additionalProperties": False,
        },
        "region": REGION,
    },
}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "help"],
                                            "properties": {
                                                "shortDescription": MESSAGE,
                                                "help": MESSAGE,
                                                "defaultConfiguration": {"properties": {"level": LEVEL}},
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {"items": {"required": ["executionSuccessful"]}},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "locations", "partialFingerprints"],
                            "properties": {
                                "level": LEVEL,
                                "message": MESSAGE,
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "locations": {"items": {"properties": {"physicalLocation": PHYSICAL}}},
                                "relatedLocations": {
                                    "items": {
                                        "required": ["physicalLocation", "message"],
                                        "properties": {"id": {"type": "integer"}, "physicalLocation": PHYSICAL},
                                    }
                                },
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                            },
                        },
                    },
                },
            },
        },
    },
}
"""What the specification of SARIF 2.1.0 demands of the parts that are written here."""


def test_sarif_has_the_form_of_2_1_0_with_help_and_related_places() -> None:
    log = json.loads(format_of("sarif").write(report(*ALL), False))
    jsonschema.Draft202012Validator(SARIF).validate(log)
    run = log["runs"][0]
    rule = run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]
    assert rule["id"] == "SC004"
    assert rule["help"]["markdown"].startswith("# SC004: cron-above-max")
    assert run["results"][0]["relatedLocations"][0]["message"]["text"] == "the other"
    assert len({one["partialFingerprints"]["rehearse/v1"] for one in run["results"]}) == 3
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "Not looked at: it is large."


def test_junit_has_a_case_per_finding_and_per_quiet_rule() -> None:
    root = ET.fromstring(format_of("junit").write(report(*ALL), False))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("tests")) == ("1", str(3 + len(rules()) - 1))
    assert len(suite.findall("testcase")) == int(suite.get("tests") or 0)
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "help: Mend * it" in (failure.text or "")
    assert ET.fromstring(format_of("junit").write(report(*ALL, fail_on=Severity.INFO), False)).get("failures") == "3"


def test_github_escapes_what_would_end_a_command_or_a_property() -> None:
    lines = format_of("github").write(report(*ALL), False).splitlines()
    assert [line.split(" ")[0] for line in lines[:3]] == ["::error", "::warning", "::notice"]
    assert lines[0].startswith('::error file=odd%2C name%3A 100%25 "<&>" `*`')
    assert ",line=2,col=6,endColumn=11,title=SC004 cron-above-max::Says 100%25 of%0Ait: a, b" in lines[0]
    assert "Understood: p95 < 300 ms." in lines[0]


def test_markdown_escapes_mentions_emphasis_and_fences() -> None:
    text = format_of("markdown").write(report(*ALL), False)
    assert r"Says 100% of it: a, b \| \`\*\` \<b\> &#64;team." in text
    assert "```text\n" in text
    assert text.index("🔴") < text.index("🟡") < text.index("🔵")
    many = format_of("markdown").write(report(*(finding(line=number) for number in range(1, 200))), False)
    assert "and 139 more." in many
    assert len(many) < 65_000


def test_all_formats_tell_the_same_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(SCALER)
    made = examine(Wishes(paths=[Path()], select=["SC004"]), date(2026, 9, 1))
    for name in names():
        assert len(re.findall(r"never gets more than 6", format_of(name).write(made, False))) >= 1, name
