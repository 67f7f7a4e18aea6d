"""What is promised, scheduled, alerted and rehearsed, in a table."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from harness.validate.formats import format_of, names
from harness.validate.rehearsed import read_verdicts
from harness.validate.report import Report
from harness.validate.session import Wishes, examine

RUNBOOK = """\
# Runbook: the season

## Oktoberfest

From 1 September to 15 October.

| territory | workload | usual pods | pods in season |
|---|---|---|---|
| DE | shop-queries-de | 2 | 6 |
| AT | shop-queries-at | 1 | 3 |

The alert comes within 4 minutes.

```yaml expect
id: queue-alert
kind: alert
alert: QueueFilling
cause: fault:flood
within: 3m
received_within: 4m
```
"""
SCALER = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: shop-queries-de}
spec:
  scaleTargetRef: {name: shop-queries-de}
  maxReplicaCount: 10
  triggers:
    - type: cron
      name: oktoberfest
      metadata: {timezone: Europe/Berlin, start: 0 0 1 9 *, end: 0 0 16 10 *, desiredReplicas: "6"}
"""
RULES = """\
groups:
  - name: shop
    rules:
      - alert: QueueFilling
        expr: queue_usage > 0.7
        annotations: {runbook_url: runbook.md#oktoberfest}
      - alert: QueriesSlow
        expr: latency{app="shop-queries-de"} > 1
"""
REHEARSAL = """\
name: festival
runbook: ../runbook.md#oktoberfest
season: oktoberfest
territories: [DE]
phases: []
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REHEARSE_RUNS", raising=False)
    Path("rehearsals").mkdir()
    for name, text in (("runbook.md", RUNBOOK), ("a.yaml", SCALER), ("r.yaml", RULES), ("rehearsals/f.yaml", REHEARSAL)):
        Path(name).write_text(text)


def verdict(run: str, started: float, **results: str) -> None:
    folder = Path("runs", run)
    folder.mkdir(parents=True)
    findings = [{"id": id_.replace("_", "-"), "result": result} for id_, result in results.items()]
    whole = "fail" if "fail" in results.values() else "pass"
    (folder / "verdict.json").write_text(
        json.dumps({"rehearsal": "festival", "started": started, "result": whole, "findings": findings})
    )


def report() -> Report:
    return examine(Wishes(paths=[Path()], coverage=True, database=False, select=["CV"]), date(2026, 9, 1))


def tables() -> list[list[tuple[str, ...]]]:
    made = report().coverage
    assert made is not None
    return [rows for _, _, rows in made.tables()]


def test_the_table_shows_who_is_promised_scheduled_alerted_and_rehearsed() -> None:
    seasons, alerts = tables()
    assert seasons == [
        ("Oktoberfest", "AT", "shop-queries-at", "3 pods", "–", "1", "–", "–"),
        ("Oktoberfest", "DE", "shop-queries-de", "6 pods", "6 pods", "1", "festival", "–"),
    ]
    assert alerts == [
        ("QueriesSlow", "–", "–", "–"),
        ("QueueFilling", "runbook.md#oktoberfest", "festival", "–"),
    ]


def test_the_last_verdict_counts_and_its_worst_result() -> None:
    verdict("1", 100, queue_alert="pass")
    assert tables()[1][1][-1] == "pass"
    verdict("2", 200, queue_alert="fail")
    assert (tables()[1][1][-1], tables()[0][1][-1]) == ("fail", "fail")


def test_verdicts_that_cannot_be_read_are_as_if_they_were_not_there() -> None:
    for number, text in enumerate(("{", "[]", '{"rehearsal": 1}', '{"rehearsal": "x", "started": "now"}')):
        Path("runs", str(number)).mkdir(parents=True)
        Path("runs", str(number), "verdict.json").write_text(text)
    assert read_verdicts(Path("runs")).whole == {}


@pytest.mark.parametrize("name", sorted({*names()} - {"sarif", "junit", "github"}))
def test_formats_for_people_and_programs_show_it(name: str) -> None:
    text = format_of(name).write(report(), False)
    assert text.count("shop-queries-at") >= 1
    assert text.count("QueueFilling") >= 1
