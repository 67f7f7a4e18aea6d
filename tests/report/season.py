"""A small record with something of everything: each result, two territories, a window, faults, alerts, notes."""

from __future__ import annotations

from pathlib import Path

from harness.record.rows import Meta, Note
from harness.record.writer import RecordWriter
from tests.records import T0, ARecord, a_record

RUNBOOK = "# Seasonal load\n\n## Oktoberfest\n\nSo it is. </script> stays text.\n"
CH_QUERIES, DE_COMMANDS = "crm-queries-ch", "crm-commands-de"


def a_season() -> ARecord:
    """Passes: de-up. Fails: ch-up. No data: lag. Invalid: after-flood, as the flood had no effect."""
    up = {"after": "window-opens", "within": "10s"}
    return (
        a_record()
        .promising("scale", id="de-up", workload="crm-queries-de", at_least=6, **up)
        .promising("scale", id="ch-up", workload=CH_QUERIES, at_least=2, **up)
        .promising("latency", id="fast", component="queries", during="peak", p95="100ms")
        .promising("query", id="lag", promql="crm_outbox_lag", compare="<=", value=5, during=["start", "end"])
        .promising("recover", id="after-flood", after="fault:flood", within="10s")
        .promising("errors", id="few-errors", component="queries", during="peak", at_most="1 %")
        .with_load_planned(DE=10, CH=10)
        .with_replicas((0, 2, 2, 2), (11, 6, 2, 2), (18, 6, 6, 6))
        .with_replicas((0, 1, 1, 1), (11, 2, 1, 1), (35, 2, 2, 2), workload=CH_QUERIES)
        .with_replicas((0, 1, 1, 1), workload=DE_COMMANDS)
        .with_arrivals(20, 80)
        .with_requests(20, 80, ms=40)
        .with_arrivals(20, 80, not_started=1, workload=CH_QUERIES)
        .with_requests(20, 80, per_second=9, ms=250, workload=CH_QUERIES)
        .with_requests(40, 44, per_second=1, outcome="timeout", workload=CH_QUERIES)
        .with_fault("kill-pods", at=40, ends=50)
        .with_fault("flood", at=60, ends=66, effect=False)
        .with_alert(42, "pending")
        .with_alert(45, "firing")
        .with_notification(47)
        .with_alert(55, "inactive")
        .with_notification(58, "resolved")
        .with_alert(41, "pending", "CrmPodsBelowPlan", territory="DE")
        .with_alert(44, "inactive", "CrmPodsBelowPlan", territory="DE")
        .without("prometheus", 70, 85, said=True)
    )


def write(run: Path, season: ARecord | None = None) -> Path:
    """The record in the folder `run`, with its runbook and a note."""
    (season or a_season()).write(run)
    with RecordWriter(run) as writer:
        writer.add(Meta("runbook", {"path": "runbooks/seasonal.md", "text": RUNBOOK}))
        writer.add(Note(T0 + 70, "prometheus", "warning", "Nothing from prometheus since 13:34:30 UTC"))
    return run
