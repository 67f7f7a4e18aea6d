"""A healthy system passes, and the record of that run shows when it would not have."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.expectations.base import Result
from harness.judge.judge import judge
from harness.stack import cluster
from tests.embedded.conftest import Doctor, Ran, Rehearsing

pytestmark = [pytest.mark.cluster, pytest.mark.alone]


def spec(plan: dict[str, Any], expectation: str) -> dict[str, Any]:
    """The spec of one expectation in a plan."""
    found = next(one for one in plan["expectations"] if one["id"] == expectation)
    return found["spec"]  # type: ignore[no-any-return]


def test_the_shipped_system_passes_the_smoke_rehearsal(smoke: Ran) -> None:
    assert smoke.code == 0, smoke.said
    assert smoke.verdict is not None
    assert {finding.result for finding in smoke.verdict.findings} == {Result.PASS}


def test_the_record_alone_gives_the_same_verdict_again(smoke: Ran) -> None:
    assert smoke.verdict is not None
    assert judge(smoke.folder).findings == smoke.verdict.findings


def test_more_pods_than_ever_came_fail_with_wanted_and_observed(smoke: Ran, doctored: Doctor) -> None:
    verdict = judge(doctored(smoke.folder, lambda plan: spec(plan, "at-queries-prescaled").update(at_least=99)))
    finding = next(one for one in verdict.findings if one.id == "at-queries-prescaled")
    assert (finding.result, int(verdict.exit_code)) == (Result.FAIL, 1)
    assert "99" in finding.wanted
    assert re.search(r"\b3\b", finding.observed)


def test_an_alert_that_no_rule_makes_fails(smoke: Ran, doctored: Doctor) -> None:
    verdict = judge(doctored(smoke.folder, lambda plan: spec(plan, "notify-queue-alert").update(alert="CrmNobodyKnows")))
    assert int(verdict.exit_code) == 1


def test_an_alert_that_another_receiver_was_told_fails_as_not_received(smoke: Ran, doctored: Doctor) -> None:
    verdict = judge(doctored(smoke.folder, lambda plan: spec(plan, "notify-queue-alert").update(receiver="somebody-else")))
    finding = next(one for one in verdict.findings if one.id == "notify-queue-alert")
    assert finding.result is Result.FAIL
    assert "not received" in f"{finding.observed} {finding.reason}"


def test_no_secret_is_in_record_logs_or_report(smoke: Ran, rehearsing: Rehearsing) -> None:
    secrets = cluster.read(rehearsing.name).secrets
    hidden = {secrets.app_password, secrets.postgres_admin_dsn, secrets.app_dsn}
    hidden |= set(re.findall(r"password=(\S+)|://[^:]+:([^@]+)@", secrets.postgres_admin_dsn)[0]) - {""}
    files = [path for path in smoke.folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in hidden if secret.encode() in content], f"a secret is in {path.name}"


def test_the_run_is_listed_and_its_report_can_be_made_again(smoke: Ran, rehearsing: Rehearsing) -> None:
    listed = rehearsing.rehearse("runs", "--runs", str(rehearsing.runs), "--json")
    assert smoke.folder.name in listed.stdout
    (smoke.folder / "report.html").unlink()
    made = rehearsing.rehearse("report", smoke.folder.name, "--runs", str(rehearsing.runs))
    assert made.returncode == 0, made.stderr
    assert (smoke.folder / "report.html").is_file()
