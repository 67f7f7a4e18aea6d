"""The live view: what it shows of a record, and that it reads every row once."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.expectations.base import Result
from harness.plan.model import Plan
from harness.record.reader import RecordReader
from harness.record.rows import TABLES, Alert, Arrivals, Fault, Notification, Requests, Row, Watch
from harness.record.writer import RecordWriter
from harness.report.deciding import Deciding, decide, due_at
from harness.report.following import Following
from harness.report.live import LiveView, PlainView
from harness.report.picture import picture
from tests.records import T0, a_record
from tests.report.season import a_season, write


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write(tmp_path / "a-season")


def until(folder: Path, at: float) -> tuple[Path, Plan]:
    """The record of the season as it stood `at` seconds after t0."""
    season = a_season().killed(at)
    return write(folder / f"until-{at:g}", season), season.plan()


def plan_of(run: Path) -> Plan:
    with RecordReader(run) as record:
        return Plan.model_validate(record.meta("plan"))


def drawn(run: Path, at: float, decided: dict[str, Result] | None = None, width: int = 100) -> str:
    console = Console(record=True, width=width, file=io.StringIO())
    with closing(Following(plan_of(run), run)) as seen:
        seen.read(T0 + at)
        console.print(picture(seen, decided or {}, T0 + at))
    return console.export_text()


def line(text: str, *words: str) -> str:
    """The one line that has all the words."""
    (found,) = [one for one in text.splitlines() if all(word in one for word in words)]
    return " ".join(found.split())


def test_it_shows_the_clock_the_phase_and_what_part_of_the_season_that_is(tmp_path: Path) -> None:
    text = drawn(until(tmp_path, 46)[0], 46)
    assert "oktoberfest · lapse 1" in text
    assert "0:46 / 1:40" in line(text, "peak")


def test_it_shows_replicas_and_the_deadline_that_runs(tmp_path: Path) -> None:
    text = drawn(until(tmp_path, 15)[0], 15)
    assert line(text, "crm-queries-de") == "crm-queries-de 6 2 2 ██░░░░ … ≥ 6 within 5 s"
    text = drawn(until(tmp_path, 22)[0], 22)
    assert line(text, "crm-queries-de") == "crm-queries-de 6 6 6 ██████ ✔ ≥ 6 after 8 s"
    assert line(text, "crm-queries-ch") == "crm-queries-ch 2 1 1 █░ ✘ ≥ 2 was due 2 s ago"


def test_it_shows_arrivals_p95_and_failures_of_each_territory(tmp_path: Path) -> None:
    text = drawn(until(tmp_path, 46)[0], 46)
    germany, switzerland = line(text, "DE ").split(), line(text, "CH ").split()
    assert germany[:2] == ["DE", "10"]
    assert 39 <= float(germany[2]) <= 41
    assert germany[3:] == ["0", "0"]
    assert switzerland[3:] == ["4", "5"]
    assert 249 <= float(switzerland[2]) <= 251


def test_it_shows_faults_to_come_and_at_work_and_alerts_with_who_received_them(tmp_path: Path) -> None:
    text = drawn(until(tmp_path, 48)[0], 48)
    assert line(text, "faults") == "faults kill-pods effect flood in 0:12"
    assert line(text, "alerts") == "alerts CrmNotifyQueueFilling firing (crm-oncall received CrmNotifyQueueFilling firing)"
    assert "CrmNotifyQueueFilling firing " not in drawn(until(tmp_path, 59)[0], 59)


def test_what_is_not_decided_is_said_to_be_so(run: Path) -> None:
    text = drawn(run, 95, {"de-up": Result.PASS, "ch-up": Result.FAIL})
    assert line(text, "expectations") == "expectations ✔✘···· 1 pass, 1 fail, 4 not yet decided ch-up"
    assert line(drawn(run, 5), "expectations") == "expectations ······ 6 not yet decided"


def test_an_expectation_is_due_when_all_its_moments_and_its_deadline_have_passed(run: Path) -> None:
    by_id = {one.id: one for one in plan_of(run).expectations}
    marks = {"window-opens": T0 + 10, "phase:peak": T0 + 20}
    assert due_at(by_id["de-up"], marks) == T0 + 10 + 10 + 5
    assert due_at(by_id["fast"], marks) is None
    assert due_at(by_id["fast"], {**marks, "phase-end:peak": T0 + 80}) == T0 + 85


def test_the_judge_decides_what_has_become_due_and_nothing_else(tmp_path: Path) -> None:
    run, plan = until(tmp_path, 46)
    deciding = Deciding(plan, run)
    with closing(Following(plan, run)) as seen, closing(deciding):
        seen.read(T0 + 46)
        deciding.ask(seen.marks, T0 + 46)
        deciding.wait()
        decided = deciding.ask(seen.marks, T0 + 47)
    assert decided == {"de-up": Result.PASS, "ch-up": Result.FAIL}


def test_what_the_judge_has_no_data_of_stays_undecided(run: Path) -> None:
    plan = plan_of(run)
    with RecordReader(run) as record:
        decided = decide(plan, record, plan.expectations)
    assert "lag" not in decided
    assert decided["after-flood"] is Result.INVALID


def test_an_undecided_expectation_is_asked_ever_more_rarely(tmp_path: Path) -> None:
    season = a_record().promising("query", id="lag", promql="lag", compare="<=", value=5, at="window-opens")
    asked = []
    deciding = Deciding(season.plan(), season.write(tmp_path))
    deciding._judge = lambda due: asked.append(due) or {}  # type: ignore[func-returns-value,method-assign]
    with closing(deciding):
        for second in range(600):
            deciding.ask({"window-opens": T0}, T0 + second)
            deciding.wait()
    assert 3 <= len(asked) <= 7


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[tuple[Path, RecordWriter]]:
    run = a_record().with_load_planned(DE=10).write(tmp_path)
    with RecordWriter(run) as writer:
        yield run, writer


def second_of(at: int) -> list[Row]:
    """What a second of a run writes."""
    body: dict[str, Any] = {"spec": {"replicas": 2}, "status": {"replicas": 2, "readyReplicas": 2}}
    (requests,) = a_record().with_requests(at, at + 1).rows
    (arrivals,) = a_record().with_arrivals(at, at + 1).rows
    return [
        Watch(T0 + at, "Deployment", "crm", "crm-queries-de", "uid", "MODIFIED", body),
        Fault(T0 + at, "kill-pods", "effect", {}),
        Alert(T0 + at, "CrmErrorRateHigh", {"territory": "DE"}, "pending", 1.0),
        Notification(T0 + at, "crm-oncall", "firing", "CrmErrorRateHigh", {}, T0, None),
        requests,
        arrivals,
    ]


def test_rows_are_read_once_however_long_the_run(growing: tuple[Path, RecordWriter]) -> None:
    run, writer = growing
    statements: list[str] = []
    with closing(Following(plan_of(run), run)) as seen:
        seen.read(T0)
        seen.record._db.set_trace_callback(statements.append)
        steps: list[int] = []
        now = [0]

        def step() -> None:
            steps.append(now[0])

        seen.record._db.set_progress_handler(step, 1)
        for at in range(60):
            writer.add_all(second_of(at))
            now[0] = at
            assert len(seen.read(T0 + at)) == 3
        for table in ("faults", "alerts", "notifications", "requests", "arrivals"):
            bounds = [found for said in statements if (found := re.search(rf"FROM {table} WHERE rowid > (\d+)", said))]
            assert [int(found[1]) for found in bounds] == list(range(60))
    early, late = steps.count(5), steps.count(59)
    assert late < early * 1.2, "SQLite's work for an update grew with the record"
    assert len(seen.requests) <= 17
    assert len(seen.replicas["crm-queries-de"]) == 1


def test_a_record_that_has_not_grown_is_not_read_again(growing: tuple[Path, RecordWriter]) -> None:
    run, writer = growing
    writer.add_all(second_of(1))
    with closing(Following(plan_of(run), run)) as seen:
        assert len(seen.read(T0 + 1)) == 3
        assert seen.read(T0 + 2) == []
        assert seen.read_until == {"watch": 1, "marks": 6} | {TABLES[kind]: 1 for kind in (
            Fault, Alert, Notification, Requests, Arrivals
        )}  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (10, 3)])
def test_a_small_terminal_cuts_the_picture(tmp_path: Path, width: int, height: int) -> None:
    run, plan = until(tmp_path, 46)
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, no_color=True)
    with LiveView(plan, run, console) as view:
        view.update(T0 + 46)
        last = out.getvalue()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last).strip("\n")
    assert shown.count("\n") < height
    assert not re.search(r"\x1b\[[0-9;]*3[1-6]m", last), "no colour where none is wanted"


def test_seven_workloads_fit_into_80_columns_and_24_lines(tmp_path: Path) -> None:
    season = a_season()
    for name in ("crm-queries-at", "crm-commands-ch", "crm-commands-at", "crm-outbox"):
        season.with_replicas((0, 1, 1, 1), workload=name)
    season.with_requests(20, 80, workload="crm-queries-at")
    text = drawn(write(tmp_path / "seven", season), 46, width=80)
    assert "not yet decided" in text
    assert len(text.rstrip("\n").splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 80


def test_without_a_terminal_each_change_is_one_line_once(growing: tuple[Path, RecordWriter]) -> None:
    run, writer = growing
    out = io.StringIO()
    with PlainView(plan_of(run), run, Console(file=out, width=40)) as view:
        writer.add_all(second_of(30))
        for at in (30, 32, 34):
            view.update(T0 + at)
    said = [one.partition(" ")[2] for one in out.getvalue().splitlines()]
    assert said == [
        "phase peak (crm-queries-de 2/2)",
        "fault kill-pods: effect",
        "alert CrmErrorRateHigh pending",
        "crm-oncall received CrmErrorRateHigh firing",
    ]


def test_the_view_only_reads(run: Path) -> None:
    with closing(Following(plan_of(run), run)) as seen, pytest.raises(sqlite3.OperationalError):
        seen.record._db.execute("DELETE FROM marks")
