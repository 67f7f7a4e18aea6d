"""Supervision: an observer that fails is started again, its gaps are told, and the others go on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput, Unavailable
from harness.observe.base import Context
from harness.observe.currency import Currency
from harness.observe.gathering import gather
from harness.observe.sink import Sink
from harness.observe.supervisor import Supervisor
from harness.record.reader import RecordReader
from harness.record.rows import Gap, Heartbeat, Meta, Note
from harness.record.writer import RecordWriter
from tests.plans import a_target

ROOT = Path(__file__).parents[2]
NOWHERE = a_target(prometheus_url="", alertmanager_url="")


def replay(saws: list[float], until: int, patience: float = 3.0) -> tuple[list[float], list[Gap]]:
    """Heartbeats and gaps of a source that saw data at these times and is asked every second."""
    currency, beats, gaps = Currency("x", patience, 0.0), [], []
    for now in range(until + 1):
        for at in saws:
            if now - 1 < at <= now:
                currency.saw(at)
        row = currency.tick(float(now))
        if isinstance(row, Heartbeat):
            beats.append(row.at)
        elif row:
            gaps.append(row)
    if last := currency.end(float(until)):
        gaps.append(last)
    return beats, gaps


@given(st.lists(st.floats(0.01, 60), max_size=40).map(sorted))
def test_every_stretch_without_data_longer_than_patience_is_in_a_gap(saws: list[float]) -> None:
    beats, gaps = replay(saws, 60)
    for since, until in zip([0.0, *saws], [*saws, 60.0], strict=True):
        if until - since > 3.0:
            assert any(gap.since <= since and gap.until >= until for gap in gaps), (since, until, gaps)
    for beat in beats:
        assert any(beat - 3.0 <= at <= beat for at in saws), "no heartbeat without data"
    for gap in gaps:
        assert gap.since < gap.until
        assert gap.since == 0.0 or gap.since in saws, "a gap begins with the last data"


def test_a_source_that_never_sees_anything_has_one_gap_and_no_heartbeat() -> None:
    assert replay([], 30) == ([], [Gap("x", 0.0, 30.0, "nothing came yet")])


def test_a_steady_source_has_heartbeats_and_no_gap() -> None:
    beats, gaps = replay([n + 0.5 for n in range(30)], 30)
    assert (len(beats), gaps) == (30, [])


def test_one_part_that_is_silent_makes_the_source_not_current_and_is_named() -> None:
    currency = Currency("ledger", 3.0, 0.0)
    for now in range(10):
        currency.saw(float(now), "pod a")
        if now < 3:
            currency.saw(float(now), "pod b")
        else:
            currency.failed("no answer", "pod b")
        row = currency.tick(float(now))
        assert isinstance(row, Heartbeat) == (now <= 5)
    assert currency.end(10.0) == Gap("ledger", 2.0, 10.0, "pod b: no answer")


def test_a_part_that_turns_out_to_owe_nothing_leaves_no_gap() -> None:
    currency = Currency("ledger", 3.0, 0.0)
    for now in range(10):
        currency.saw(float(now), "pod a")
        currency.expect("pod b", 0.0)
        currency.tick(float(now))
    currency.forget("pod b")
    assert isinstance(currency.tick(10.0), Heartbeat | None)
    assert currency.end(10.0) is None
    assert isinstance(currency.tick(11.0), Heartbeat)


class Flaky:
    source: ClassVar[str] = "flaky"
    patience: ClassVar[float] = 1.0

    def __init__(self) -> None:
        self.lives = 0

    async def run(self, context: Context) -> None:
        self.lives += 1
        context.saw()
        if self.lives < 4:
            raise RuntimeError(f"life {self.lives} ended")
        while True:
            context.saw()
            await asyncio.sleep(0.1)


class Steady(Flaky):
    source: ClassVar[str] = "steady"

    async def run(self, context: Context) -> None:
        while True:
            context.saw()
            await asyncio.sleep(0.1)


def test_an_observer_that_fails_is_started_again_and_the_others_go_on(tmp_path: Path) -> None:
    async def observe() -> list[str]:
        stop, said = asyncio.Event(), list[str]()
        with RecordWriter(tmp_path) as writer:
            supervisor = Supervisor([Flaky(), Steady()], NOWHERE, (), writer, time.time)
            task = asyncio.create_task(supervisor.run(stop, said.append, 5.0))
            await asyncio.sleep(7)
            stop.set()
            await task
        return said

    assert asyncio.run(observe()) == [""]
    with RecordReader(tmp_path) as record:
        notes = [note.text for note in record.rows(Note, "source = 'flaky'")]
        assert [f"life {n} ended" in " ".join(notes) for n in (1, 2, 3)] == [True] * 3
        (gap,) = record.rows(Gap)
        assert (gap.source, gap.reason) == ("flaky", "RuntimeError: life 3 ended")
        assert len(list(record.rows(Heartbeat, "source = 'steady'"))) >= 5
        assert list(record.rows(Heartbeat, "source = 'flaky' AND at > ?", (gap.until,)))


def test_a_record_that_cannot_be_written_ends_the_observers_with_one_sentence(tmp_path: Path) -> None:
    async def observe() -> None:
        with RecordWriter(tmp_path) as writer:
            supervisor = Supervisor([Steady()], NOWHERE, (), writer, time.time)
            task = asyncio.create_task(supervisor.run(asyncio.Event(), lambda _: None, 5.0))
            await asyncio.sleep(0.5)
            writer._db.execute("PRAGMA query_only = 1")
            async with asyncio.timeout(10):
                await task

    with pytest.raises(Unavailable, match="cannot be written"):
        asyncio.run(observe())


def test_who_brings_more_rows_than_can_be_written_has_to_wait(tmp_path: Path) -> None:
    async def bring() -> int:
        with RecordWriter(tmp_path) as writer:
            sink, most = Sink(writer, delay=0.01, limit=100), 0
            task = asyncio.create_task(sink.run())
            for n in range(50):
                await sink.put(Heartbeat(float(n * 40 + k), "x") for k in range(40))
                most = max(most, len(sink._rows))
            sink.close()
            await task
            return most

    assert asyncio.run(bring()) <= 100
    with RecordReader(tmp_path) as record:
        assert [row.at for row in record.rows(Heartbeat)] == [float(n) for n in range(2000)]


def test_every_source_is_found_by_its_place() -> None:
    sources = [observer.source for observer in gather()]
    assert " ".join(sources) == "alertmanager control-plane database host http ledger prometheus receiver watch"


@pytest.mark.parametrize("problem", ["does not load", "is no observer", "is observed twice"])
def test_a_plug_in_that_is_no_observer_is_one_sentence(monkeypatch: pytest.MonkeyPatch, problem: str) -> None:
    class Entry:
        name, value = "mine", "mine:Observer"

        def load(self) -> Any:
            if problem == "does not load":
                raise ImportError("no module")
            return (
                type("Observer", (), {})
                if problem == "is no observer"
                else type("Observer", (Steady,), {"source": "watch"})
            )

    monkeypatch.setattr("harness.observe.gathering.entry_points", lambda group: [Entry()])
    with pytest.raises(BadInput, match=problem):
        gather()


def test_a_target_where_nothing_is_reachable_is_all_gaps_and_ends_well(observed: Callable[..., Any]) -> None:
    run = observed()
    line = run.start(ready_within=1)
    for source in ("alertmanager", "control-plane", "ledger", "prometheus", "watch"):
        assert source in line
    assert line.startswith("ready, without ")
    assert run.stop() == 0
    gaps = {gap.source: gap.reason for gap in run.rows(Gap)}
    assert gaps.keys() == {"alertmanager", "control-plane", "database", "ledger", "prometheus", "watch"}
    assert "names no Prometheus" in gaps["prometheus"]
    assert not run.rows(Heartbeat, "source NOT IN ('receiver', 'http', 'host')")


def test_a_kill_leaves_a_readable_record(observed: Callable[..., Any], eventually: Any) -> None:
    run = observed()
    run.start(ready_within=1)
    eventually(lambda: run.rows(Heartbeat, "source = 'receiver'"), what="heartbeats")
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    assert run.rows(Heartbeat, "source = 'receiver'")
    assert not run.rows(Gap, "source = 'receiver'")


@pytest.mark.parametrize("spoilt", ["no run", "no plan", "bad plan", "no target", "bad target"])
def test_bad_input_is_one_sentence_and_no_traceback(tmp_path: Path, spoilt: str) -> None:
    target, run = tmp_path / "target.json", tmp_path / "run"
    if spoilt != "no target":
        NOWHERE.write(target)
    if spoilt == "bad target":
        target.write_text("{}")
    if spoilt != "no run":
        with RecordWriter(run) as record:
            if spoilt == "bad plan":
                record.add(Meta("plan", {"lapse": "?"}))
    command = [sys.executable, "-m", "harness.observe", str(run), "--target", str(target)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1


def test_what_expectations_ask_for_is_sampled() -> None:
    pytest.importorskip("harness.expectations.registry", reason="no registry of expectation kinds is installed")
    from harness.observe.samplings import Asked, asked
    from harness.plan.model import Plan

    spec = {"id": "no-backlog", "kind": "query", "promql": "outbox_queue_depth", "compare": "<", "value": 5.0}
    source = {"path": "r.md", "line": 1, "anchor": "a", "heading": "h", "sentence": "s"}
    expectation = {"id": "no-backlog", "kind": "query", "spec": {**spec, "during": ["start", "end"]}, "source": source}
    plan = Plan.model_validate(
        {
            "schema": "generalprobe.dev/plan/v1",
            "rehearsal": "r",
            "path": "p",
            "season": "s",
            "runbook": "r",
            "lapse": 1,
            "system": {"namespace": "crm"},
            "profile": "",
            "seed": 1,
            "phases": [],
            "window": None,
            "faults": [],
            "expectations": [{**expectation, "since": "start", "until": "end"}],
            "moments": {"end": 1},
            "constants": [],
        }
    )
    assert asked(plan) == (Asked("no-backlog", "promql", "outbox_queue_depth", 1.0),)
