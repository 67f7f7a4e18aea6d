"""What findings add up to, and the forms in which a verdict is told."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.errors import BadInput, Unavailable
from harness.expectations.base import Finding, Result
from harness.judge import verdict as verdicts
from harness.judge.verdict import Verdict, Whole, add_up, exit_code, json_schema
from harness.plan.model import Source
from harness.report.junit import junit, write_junit
from harness.report.table import print_verdict

SOURCE = Source(path="runbooks/seasonal.md", line=42, anchor="a", heading="A", sentence="It scales.")


def finding(result: Result, kind: str = "scale", allowed: str = "", name: str = "x") -> Finding:
    return Finding(name, kind, "", result, "6 ready", "2 ready", "4 s late", SOURCE, 10.0, 12.5, 12.0, allowed)


def verdict(*findings: Finding) -> Verdict:
    whole = add_up(findings, "completed")
    return Verdict(
        run="r", rehearsal="oktoberfest", target="embedded", lapse=12, result=whole, exit_code=exit_code(whole),
        started=1.79e9, ended=1.79e9 + 300, harness="0", findings=findings,
    )  # fmt: skip


PASS, FAIL, NO_DATA, INVALID = (finding(result) for result in Result)
ALLOWED = finding(Result.NO_DATA, allowed="the series is optional")


@pytest.mark.parametrize(
    ("findings", "outcome", "code"),
    [
        ([PASS], "completed", 0),
        ([PASS, FAIL], "completed", 1),
        ([PASS, NO_DATA], "completed", 1),
        ([PASS, ALLOWED], "completed", 0),
        ([ALLOWED], "completed", 3),
        ([PASS, INVALID], "completed", 3),
        ([FAIL, INVALID], "completed", 1),
        ([], "completed", 3),
        ([finding(Result.PASS, kind="fault"), finding(Result.PASS, kind="load")], "completed", 3),
        ([PASS, finding(Result.NO_DATA, kind="observer")], "completed", 1),
        ([PASS, finding(Result.INVALID, kind="load")], "completed", 3),
        ([PASS, finding(Result.FAIL, kind="fault")], "completed", 1),
        ([PASS], "stopped", 4),
        ([FAIL], "stopped", 4),
        ([FAIL], "interrupted", 130),
        ([NO_DATA], "not begun", 3),
        ([PASS, NO_DATA], None, 1),
    ],
)
def test_exit_codes(findings: list[Finding], outcome: str | None, code: int) -> None:
    assert exit_code(add_up(findings, outcome)) == code


@given(st.lists(st.sampled_from([PASS, FAIL, NO_DATA, INVALID, ALLOWED])), st.randoms())
def test_order_does_not_matter_and_more_bad_never_makes_it_a_pass(findings: list[Finding], random: object) -> None:
    whole = add_up(findings, "completed")
    assert add_up(findings[::-1], "completed") is whole
    for worse in (FAIL, NO_DATA, INVALID):
        assert add_up([*findings, worse], "completed") is not Whole.PASS
    assert (whole is Whole.PASS) == (PASS in findings and not any(f in findings for f in (FAIL, NO_DATA, INVALID)))


def test_a_verdict_reads_back_as_it_was_written(tmp_path: Path) -> None:
    written = verdict(PASS, FAIL, ALLOWED)
    path = written.write(tmp_path)
    assert json.loads(path.read_text())["schema"] == "generalprobe.dev/verdict/v1"
    assert Verdict.read(tmp_path) == written
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_verdict_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        Verdict.read(tmp_path)
    (tmp_path / "verdict.json").write_text('{"schema": "generalprobe.dev/verdict/v9"}')
    with pytest.raises(BadInput, match="is no verdict of version 1"):
        Verdict.read(tmp_path)
    with pytest.raises(Unavailable, match="cannot be written"):
        verdict(PASS).write(tmp_path / "missing")


def test_the_shipped_schema_is_the_model() -> None:
    shipped = Path(verdicts.__file__).with_name("verdict.schema.json")
    assert shipped.read_text() == json_schema()


def test_junit_tells_failures_errors_and_skips_apart(tmp_path: Path) -> None:
    strange = Finding("odd", "scale", "DE <\x00&>", Result.FAIL, "a", "b", "\x1b[31mred")
    write_junit(verdict(PASS, FAIL, NO_DATA, ALLOWED, INVALID, strange), tmp_path / "deep" / "junit.xml")
    suite = ET.parse(tmp_path / "deep" / "junit.xml").getroot()[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "6", "failures": "3", "errors": "1", "skipped": "1"}
    case = suite.findall("testcase")[1]
    assert (case.get("classname"), case.get("file"), case.get("line")) == ("oktoberfest.scale", SOURCE.path, "42")
    assert case.find("failure") is not None
    assert "wanted:   6 ready" in str(case.findtext("failure"))


def test_junit_of_nothing_is_still_xml() -> None:
    assert ET.fromstring(junit(verdict()).encode())[0].get("tests") == "0"


@pytest.mark.parametrize(("terminal", "width"), [*itertools.product([True, False], [60, 160])])
def test_the_table_says_what_failed(terminal: bool, width: int) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, color_system=None)
    print_verdict(verdict(PASS, FAIL, ALLOWED, finding(Result.PASS, kind="observer", name="watch")), console)
    text = out.getvalue()
    for word in ("seasonal.md:42", "6 ready", "2 ready", "4 s late"):
        assert word in text
    assert "watch" not in text
    assert "The system did not do what the runbook says." in " ".join(text.split())


def test_plain_lines_keep_brackets_and_are_one_per_finding() -> None:
    out = io.StringIO()
    print_verdict(verdict(finding(Result.FAIL, name="[bold]x")), Console(file=out, width=40))
    assert [line.split(" | ")[:3] for line in out.getvalue().splitlines()[:1]] == [
        ["FAIL    ", "[bold]x", "seasonal.md:42"]
    ]
