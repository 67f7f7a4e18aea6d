"""Judging whole runs: those that completed, were interrupted, were killed; faults, the generator and the observers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput
from harness.expectations.base import Result
from harness.judge.judge import judge
from harness.record.rows import FILE_NAME, Heartbeat, Meta
from harness.record.writer import RecordWriter
from tests.records import SOURCES, T0, ARecord, a_journal, a_record, the

SCALE = {"workload": "crm-queries-de", "at_least": 6, "after": "window-opens", "within": "30s"}


def healthy() -> ARecord:
    record = a_record().promising("scale", **SCALE).promising("latency", component="queries", during="peak", p95="100ms")
    record.promising("quiet").with_load_planned(DE=10).with_replicas((0, 2, 2, 2), (20, 6, 6, 6))
    return record.with_requests(20, 80).with_arrivals(20, 80).with_fault()


def test_a_healthy_run_passes(tmp_path: Path) -> None:
    verdict = healthy().judged(tmp_path)
    assert {finding.result for finding in verdict.findings} == {Result.PASS}
    assert (verdict.exit_code, verdict.result, verdict.rehearsal, verdict.target) == (0, "pass", "oktoberfest", "test")
    assert {finding.kind for finding in verdict.findings} == {"scale", "latency", "quiet", "fault", "load", "observer"}


def test_judging_again_gives_the_same_verdict_and_leaves_the_record_alone(tmp_path: Path) -> None:
    run = healthy().write(tmp_path)
    before = (run / FILE_NAME).read_bytes()
    first, second = judge(run), judge(run)
    assert first.to_json() == second.to_json()
    assert (run / FILE_NAME).read_bytes() == before


def test_a_run_in_which_nothing_was_promised_is_no_pass(tmp_path: Path) -> None:
    verdict = a_record().judged(tmp_path)
    assert (verdict.exit_code, verdict.result) == (3, "inconclusive")


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "load"])
def test_an_observer_that_was_away_for_long_is_no_data(tmp_path: Path, source: str) -> None:
    verdict = healthy().without(source, 40, 60, said=True).judged(tmp_path)
    assert the(verdict, source).result is Result.NO_DATA
    assert "connection refused" in the(verdict, source).reason
    assert verdict.exit_code == 1


def test_an_observer_that_was_away_for_a_moment_says_so(tmp_path: Path) -> None:
    found = the(healthy().without("alertmanager", 40, 45, said=True).judged(tmp_path), "alertmanager")
    assert (found.result, found.observed) == (Result.PASS, "away for 5 s")


@pytest.mark.parametrize(
    ("change", "result", "reason"),
    [
        (lambda r: r, Result.PASS, ""),
        (
            lambda r: r.with_load_planned(DE=20),
            Result.INVALID,
            "DE was to get 1,200 arrivals and the generator intended 600",
        ),
        (
            lambda r: r.with_arrivals(80, 90, not_started=3),
            Result.INVALID,
            "the generator did not start 30 of 700 arrivals",
        ),
        (lambda r: r.with_arrivals(60, 70, per_second=1, lag_ms=70), Result.INVALID, "the generator started requests 70"),
        (lambda r: r.with_arrivals(60, 65, per_second=1, lag_ms=70), Result.PASS, ""),  # less than 1 % of all
        (lambda r: r.without("load", 40, 60), Result.INVALID, "the generator was away for 21 s"),
        (lambda r: r.without("load"), Result.INVALID, "the generator was away for 100 s"),
    ],
)
def test_the_generator_is_judged_too(tmp_path: Path, change: Callable[[ARecord], Any], result: Result, reason: str) -> None:
    record = healthy()
    change(record)
    found = the(record.judged(tmp_path), "load")
    assert found.result is result
    assert found.reason.startswith(reason)


def test_a_starved_generator_is_inconclusive(tmp_path: Path) -> None:
    record = a_record().promising("latency", component="queries", during="peak", p95="100ms").with_load_planned(DE=10)
    verdict = record.with_requests(20, 80).with_arrivals(20, 80, lag_ms=400).judged(tmp_path)
    assert (verdict.exit_code, verdict.result) == (3, "inconclusive")


def _failed_activity(journal: dict[str, Any]) -> None:
    journal["run"][0]["status"] = "failed"


def _unsteady(when: str) -> Callable[[dict[str, Any]], None]:
    def change(journal: dict[str, Any]) -> None:
        journal["steady_states"][when]["probes"][0]["tolerance_met"] = False

    return change


def _rollback(*statuses: str) -> Callable[[dict[str, Any]], None]:
    def change(journal: dict[str, Any]) -> None:
        journal["experiment"]["rollbacks"] = [{"name": "end the transaction"}]
        journal["rollbacks"] = [{"activity": {"name": "end the transaction"}, "status": status} for status in statuses]

    return change


@pytest.mark.parametrize(
    ("fault", "result", "reason"),
    [
        ({}, Result.PASS, ""),
        ({"effect": False}, Result.INVALID, "the selector matched nothing"),
        ({"undone": False}, Result.FAIL, "undo failed"),
        ({"without_journal": True}, Result.INVALID, "chaostoolkit left no journal of it"),
        ({"journal": a_journal(_failed_activity)}, Result.INVALID, "terminate pods failed"),
        ({"journal": a_journal(lambda j: j["run"].clear())}, Result.INVALID, "no activity was run"),
        ({"journal": a_journal(lambda j: j.update(status="aborted"))}, Result.INVALID, "chaostoolkit says aborted"),
        (
            {"journal": a_journal(_unsteady("before"))},
            Result.INVALID,
            "before it, pods are ready was out of tolerance",
        ),
        ({"journal": a_journal(_unsteady("after"))}, Result.FAIL, "pods are ready was out of tolerance"),
        ({"journal": a_journal(_rollback("succeeded"))}, Result.PASS, ""),
        ({"journal": a_journal(_rollback("failed"))}, Result.FAIL, "rollback failed: end the transaction"),
    ],
)
def test_a_fault_is_judged_by_every_step_of_it(tmp_path: Path, fault: dict[str, Any], result: Result, reason: str) -> None:
    found = the(a_record().with_fault(**fault).judged(tmp_path), "kill-pods")
    assert (found.result, found.reason) == (result, reason)


def test_a_fault_that_never_started_is_invalid(tmp_path: Path) -> None:
    record = a_record().with_planned_fault().promising("recover", after="fault:kill-pods", within="10s")
    verdict = record.judged(tmp_path)
    assert the(verdict, "kill-pods").result is Result.INVALID
    assert the(verdict, "the-recover").result is Result.INVALID
    assert verdict.exit_code == 3


@pytest.mark.parametrize(("died", "known"), [(5, False), (15, False), (25, True), (99, True)])
def test_what_a_killed_run_did_not_see_is_no_data_and_the_rest_stands(tmp_path: Path, died: int, known: bool) -> None:
    verdict = healthy().killed(died).judged(tmp_path)
    assert the(verdict, "the-scale").result is (Result.PASS if known else Result.NO_DATA)
    assert the(verdict, "the-quiet").result is Result.NO_DATA
    assert verdict.exit_code == 1
    assert "it recorded no outcome" in verdict.reason


@pytest.mark.parametrize(("result", "code"), [("interrupted", 130), ("stopped", 4), ("not begun", 3)])
def test_a_run_that_was_ended_has_its_own_exit_code(tmp_path: Path, result: str, code: int) -> None:
    verdict = healthy().ending(result, at=30).judged(tmp_path)
    assert verdict.exit_code == code
    assert the(verdict, "the-latency").result is Result.NO_DATA
    assert the(verdict, "the-latency").reason == f"the run was {result} before phase-end:peak came"


def test_a_writer_that_is_killed_leaves_a_record_that_is_judged(tmp_path: Path) -> None:
    run = healthy().killed(50).write(tmp_path / "run")
    program = (
        "import os, sys, signal; from pathlib import Path\n"
        "from harness.record.rows import Heartbeat; from harness.record.writer import RecordWriter\n"
        "writer = RecordWriter(Path(sys.argv[1]))\n"
        f"writer.add_all([Heartbeat({T0} + 50 + i, 'watch') for i in range(10)])\n"
        f"writer._db.execute('BEGIN IMMEDIATE'); writer._db.execute('DELETE FROM marks')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", program, str(run)], check=False, env={**os.environ, "PYTHONPATH": "."})
    assert died.returncode == -9
    verdict = judge(run)
    assert verdict.ended == T0 + 59
    assert the(verdict, "the-scale").result is Result.PASS


def test_missing_data_can_be_allowed_with_a_reason(tmp_path: Path) -> None:
    reason = "the outbox is not deployed everywhere"
    record = healthy().promising("scale", **{**SCALE, "workload": "crm-outbox", "id": "outbox"}, allow_no_data=reason)
    verdict = record.judged(tmp_path)
    assert the(verdict, "outbox").result is Result.NO_DATA
    assert the(verdict, "outbox").allowed == reason
    assert verdict.exit_code == 0


def test_a_judge_that_breaks_is_invalid_and_takes_nothing_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.expectations.scale import Scale

    def broken(self: Scale, case: object) -> list[Any]:
        raise ZeroDivisionError("by a plug-in")

    monkeypatch.setattr(Scale, "judge", broken)
    verdict = healthy().judged(tmp_path)
    assert the(verdict, "the-scale").reason == "its judge failed: ZeroDivisionError: by a plug-in"
    assert the(verdict, "the-latency").result is Result.PASS
    assert verdict.exit_code == 3


def test_a_judge_with_nothing_to_say_is_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.expectations.scale import Scale

    monkeypatch.setattr(Scale, "judge", lambda self, case: [])
    assert the(healthy().judged(tmp_path), "the-scale").result is Result.NO_DATA


def test_a_record_without_a_plan_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no record"):
        judge(tmp_path / "nothing")
    with RecordWriter(tmp_path / "early") as writer:
        writer.add(Heartbeat(T0, "watch"))
    with pytest.raises(BadInput, match="holds no plan"):
        judge(tmp_path / "early")
    with RecordWriter(tmp_path / "old") as writer:
        writer.add(Meta("plan", {"schema": "generalprobe.dev/plan/v0"}))
    with pytest.raises(BadInput, match="cannot read"):
        judge(tmp_path / "old")


def _rehearse(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli.main", "judge", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."})


def test_the_command_prints_judges_and_exits_with_the_verdict(tmp_path: Path) -> None:
    healthy().write(tmp_path / "runs" / "20260101-000000-good")
    bad = healthy().promising("scale", **{**SCALE, "at_least": 99}, id="too-many")
    bad.write(tmp_path / "runs" / "20260102-000000-bad")
    runs = ("--runs", str(tmp_path / "runs"))

    good = _rehearse("20260101-000000-good", *runs, "--json")
    assert good.returncode == 0
    assert json.loads(good.stdout)["result"] == "pass"

    latest = _rehearse("latest", *runs, "--junit", str(tmp_path / "junit.xml"))
    assert latest.returncode == 1
    assert "FAIL     | too-many | seasonal.md:13 | wanted: 99 ready" in latest.stdout
    assert "too-many" in (tmp_path / "junit.xml").read_text()

    missing = _rehearse("nothing", *runs)
    assert missing.returncode == 2
    assert "Traceback" not in missing.stderr


def test_a_failure_while_a_stranger_took_the_cores_is_invalid_and_a_pass_stays_a_pass(tmp_path: Path) -> None:
    from harness.expectations.base import Finding, Result
    from harness.expectations.evidence import Evidence
    from harness.judge.disturbance import BOUND_CORES, undisturbed
    from harness.record.reader import RecordReader
    from harness.record.rows import FOREIGN_CORES, Sample
    from harness.record.writer import RecordWriter

    with RecordWriter(tmp_path) as record:
        record.add_all(Sample(at, FOREIGN_CORES, {}, BOUND_CORES + 0.4 if at < 100 else 0.1) for at in range(0, 300, 2))
    with RecordReader(tmp_path) as reader:
        evidence = Evidence(reader, None)  # type: ignore[arg-type]  # only the record is asked

        def judged(result: Result, since: float, until: float) -> Result:
            return undisturbed(Finding("id", "scale", "", result, "", "", since=since, until=until), evidence).result

        assert judged(Result.FAIL, 40, 90) is Result.INVALID
        assert judged(Result.NO_DATA, 40, 90) is Result.INVALID
        assert judged(Result.PASS, 40, 90) is Result.PASS
        assert judged(Result.FAIL, 150, 200) is Result.FAIL
        assert judged(Result.FAIL, 900, 950) is Result.FAIL, "where the machine was not watched, nothing is excused"
