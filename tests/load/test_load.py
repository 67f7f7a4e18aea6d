"""The load against a real server, in processes as in a run."""

from __future__ import annotations

from harness.record.rows import Arrivals, FirstRequest, Heartbeat, Note, Requests
from harness.record.views import merged


def totals(record) -> tuple[int, int, int]:
    rows = list(record.rows(Arrivals))
    return sum(r.intended for r in rows), sum(r.started for r in rows), sum(r.not_started for r in rows)


def outcomes(record) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in record.rows(Requests):
        counts[row.outcome] = counts.get(row.outcome, 0) + row.count
    return counts


def test_every_intended_arrival_is_started_and_answered(crm, load) -> None:
    running = load(crm().url, rates={"DE": (40, 40), "AT": (0, 20)}, seconds=3)
    assert running.wait() == 0
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started > 100
        assert not_started == 0
        seen = outcomes(record)
        assert sum(seen.values()) == started
        assert seen["ok"] > seen["not_modified"] > 0
        assert set(seen) == {"ok", "not_modified"}
        rows = list(record.rows(Requests))
        assert {row.workload for row in rows} == {f"crm-{c}-{t}" for c in ("queries", "commands") for t in ("de", "at")}
        assert merged(rows).get_total_count() == started
        assert all(running.t0 - 1 < row.second < running.t0 + 3 for row in rows)
        keys = [(r.second, r.territory, r.workload, r.operation, r.outcome) for r in rows]
        assert len(keys) == len(set(keys))
        firsts = list(record.rows(FirstRequest))
        assert [first.ordinal for first in firsts] == list(range(1, 51))
        assert [first.sent for first in firsts] == sorted(first.sent for first in firsts)
        assert all(first.warm for first in firsts)
        assert len(list(record.rows(Heartbeat))) >= 3
        assert [note for note in record.rows(Note) if note.level == "error"] == []
