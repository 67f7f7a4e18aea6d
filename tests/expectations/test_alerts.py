"""`alert` and `quiet`: fired, received, resolved; and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.expectations.base import Result
from tests.records import ARecord, a_record, the

Change = Callable[[ARecord], Any]
OTHER = "CrmErrorRateHigh"
ALERT = {
    "kind": "alert",
    "alert": "CrmNotifyQueueFilling",
    "after": "fault:flood",
    "fires_within": "10s",
    "received_within": "15s",
    "receiver": "crm-oncall",
    "resolves_after": "fault-end:flood",
    "resolves_within": "20s",
}


def judged(change: Change, run: Path, **more: Any) -> tuple[Result, str]:
    """The flood lasts from 30 to 50."""
    record = a_record().promising(**{**ALERT, **more}).with_fault("flood", at=30, ends=50)
    change(record)
    found = the(record.judged(run), "the-alert")
    return found.result, found.reason


def fires(record: ARecord, at: float = 35) -> ARecord:
    return record.with_alert(at - 2, "pending").with_alert(at, "firing").with_notification(at + 1)


def resolves(record: ARecord, at: float = 58) -> ARecord:
    return record.with_alert(at, "inactive").with_notification(at + 2, "resolved")


@pytest.mark.parametrize(
    ("change", "result", "reason"),
    [
        (lambda r: resolves(fires(r)), Result.PASS, ""),
        (lambda r: r, Result.FAIL, "it never fired"),
        (lambda r: r.with_alert(35, "pending"), Result.FAIL, "it was pending but never fired"),
        (lambda r: resolves(fires(r, at=42)), Result.FAIL, "it fired 2 s late"),
        (lambda r: r.with_alert(35, "firing"), Result.FAIL, "it fired, but crm-oncall received nothing"),
        (
            lambda r: r.with_alert(35, "firing").with_notification(36, receiver="nobody"),
            Result.FAIL,
            "it fired, but crm-oncall received nothing; received by nobody",
        ),
        (lambda r: r.with_alert(35, "firing").with_notification(48), Result.FAIL, "crm-oncall received it 3 s late"),
        (fires, Result.FAIL, "it did not resolve"),
        (lambda r: resolves(fires(r), at=72), Result.FAIL, "it resolved 2 s late"),
        (lambda r: fires(r).with_alert(58, "inactive"), Result.FAIL, "it resolved, but crm-oncall was not told"),
        (
            lambda r: fires(r).with_alert(58, "inactive").with_notification(77, "resolved"),
            Result.FAIL,
            "crm-oncall was told 2 s late that it resolved",
        ),
        (lambda r: resolves(fires(r, at=28)), Result.FAIL, "it was firing 2 s before its cause"),
        (lambda r: resolves(fires(r.with_alert(5, "firing").with_alert(9, "inactive"))), Result.PASS, ""),
        (lambda r: fires(resolves(fires(r)), at=85), Result.PASS, ""),  # again, for another reason
        (lambda r: fires(resolves(fires(r), at=55), at=62), Result.FAIL, "it did not resolve"),
    ],
)
def test_an_alert_is_followed_to_its_end(tmp_path: Path, change: Change, result: Result, reason: str) -> None:
    assert judged(change, tmp_path) == (result, reason)


def test_an_alert_that_fired_and_was_not_received_says_both(tmp_path: Path) -> None:
    record = a_record().promising(**ALERT).with_fault("flood", at=30, ends=50).with_alert(35, "firing")
    verdict = record.judged(tmp_path)
    assert the(verdict, "the-alert").observed == "fired 5 s after fault:flood, not received"
    assert verdict.exit_code == 1


def test_labels_tell_alerts_apart(tmp_path: Path) -> None:
    def of(territory: str) -> Change:
        return lambda r: r.with_alert(35, "firing", territory=territory)

    assert judged(of("CH"), tmp_path / "other", labels={"territory": "DE"}) == (Result.FAIL, "it never fired")
    assert judged(of("DE"), tmp_path / "same", labels={"territory": "DE"})[1].startswith("it fired, but")


@pytest.mark.parametrize("source", ["prometheus", "receiver"])
def test_a_source_that_was_away_before_a_miss_is_no_data(tmp_path: Path, source: str) -> None:
    result, reason = judged(lambda r: r.without(source, 25, 60, said=True), tmp_path)
    assert result is Result.NO_DATA or source == "receiver"
    if source == "prometheus":
        assert reason == "prometheus saw nothing for 10 s of it: connection refused; it never fired"


def test_a_receiver_that_was_away_makes_a_missing_notification_no_data(tmp_path: Path) -> None:
    result, _ = judged(lambda r: r.with_alert(35, "firing").without("receiver", 25, 60), tmp_path)
    assert result is Result.NO_DATA


def test_a_fault_without_effect_makes_its_alert_invalid(tmp_path: Path) -> None:
    record = a_record().promising(**ALERT).with_fault("flood", at=30, ends=50, effect=False)
    found = the(record.judged(tmp_path), "the-alert")
    assert found.result is Result.INVALID
    assert found.reason == "the fault flood did not prove an effect (the selector matched nothing)"


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (lambda r: r, Result.PASS),
        (lambda r: r.with_alert(40, "pending", name=OTHER), Result.PASS),
        (lambda r: r.with_alert(40, "firing"), Result.PASS),
        (lambda r: r.with_alert(40, "firing", name=OTHER), Result.FAIL),
        (lambda r: r.with_alert(40, "firing", name=OTHER).with_alert(41, "inactive", name=OTHER), Result.FAIL),
        (lambda r: r.with_alert(5, "firing", name=OTHER), Result.FAIL),
        (lambda r: r.with_alert(5, "firing", name=OTHER).with_alert(12, "inactive", name=OTHER), Result.FAIL),
        (lambda r: r.with_alert(5, "firing", name=OTHER).with_alert(8, "inactive", name=OTHER), Result.PASS),
        (lambda r: r.with_alert(95, "firing", name=OTHER), Result.PASS),
        (lambda r: r.without("prometheus", 30, 50), Result.NO_DATA),
        (lambda r: r.without("prometheus", 30, 34, said=True), Result.NO_DATA),
        (lambda r: r.without("prometheus"), Result.NO_DATA),
        (lambda r: r.with_alert(70, "firing", name=OTHER).without("prometheus", 30, 50), Result.FAIL),
    ],
)  # fmt: skip
def test_quiet_means_that_no_other_alert_fires(tmp_path: Path, change: Change, result: Result) -> None:
    spec = {"except": ["CrmNotifyQueueFilling"], "during": ["window-opens", "window-closes"]}
    record = a_record().promising("quiet", **spec)
    change(record)
    assert the(record.judged(tmp_path), "the-quiet").result is result
