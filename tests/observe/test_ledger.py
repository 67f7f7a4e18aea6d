"""The ledger with a real database and API server: every event once, whatever restarts, and every silence named."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from harness.observe.journal import Journal, LedgerNames, notified
from harness.record.rows import Gap, Heartbeat, LedgerEntry, Note, Sample

LABELS = {"app.kubernetes.io/component": "queries", "territory": "DE"}


class PodServer:
    """What answers at a pod's address: its ledger, as the CRM keeps it."""

    def __init__(self, address: str) -> None:
        self.boot, self.entries, self.delay = "boot-1", list[dict[str, Any]](), 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(outer.delay)
                after = int(parse_qs(urlsplit(self.path).query)["after"][0])
                found = [entry for entry in outer.entries if entry["seq"] > after][:5000]
                page = {"pod": "x", "boot": outer.boot, "ready_at": 1.0, "entries": found}
                body = json.dumps({**page, "next": found[-1]["seq"] if found else after}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer((address, 8080), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def add(self, event: int, how: str = "notify", duplicate: bool = False) -> None:
        seq = self.entries[-1]["seq"] + 1 if self.entries else 1
        entry = {"seq": seq, "id": event, "event_id": f"e{event}", "how": how, "duplicate": duplicate, "at": time.time()}
        self.entries.append(entry)

    def restart(self) -> None:
        self.boot, self.entries = f"{self.boot}+", []

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def pods(api: Any) -> Iterator[Callable[[str, str], PodServer]]:
    """Makes a Ready queries pod of a name at an address."""
    made: dict[str, PodServer] = {}

    def make(name: str, address: str) -> PodServer:
        made[name] = PodServer(address)
        api.pod(name, labels=LABELS)
        api.ready(name, address)
        return made[name]

    yield make
    for name, server in made.items():
        server.close()
        api.client.request("DELETE", f"/api/v1/namespaces/crm/pods/{name}", json={"gracePeriodSeconds": 0})


@pytest.fixture
def run(api: Any, postgres: Any, observed: Callable[..., Any]) -> Any:
    return observed(kubeconfig=api.kubeconfig, database_dsn=postgres.dsn)


def steps(run: Any, pod: str) -> list[tuple[str, int]]:
    return [(row.step, row.journal_id) for row in run.rows(LedgerEntry, "pod = ?", pod)]


def current(run: Any, source: str = "ledger") -> bool:
    return bool(run.rows(Heartbeat, "source = ? AND at > ?", source, time.time() - 1.5))


def test_an_event_is_followed_from_commit_to_every_pod(
    run: Any, pods: Callable[[str, str], PodServer], postgres: Any, eventually: Any
) -> None:
    first = pods("queries-a", "127.10.231.1")
    first.entries.append({"seq": 1, "id": 1, "event_id": "old", "how": "poll", "duplicate": False, "at": 1000.0})
    run.start(ready_within=3)
    eventually(lambda: current(run), what="the ledger is current")
    postgres.execute("INSERT INTO integration.event_journal (territory) VALUES ('DE')")
    postgres.execute("""SELECT pg_notify('crm_events', '{"id": 7, "type": "order", "territory": "DE"}')""")
    first.add(7)
    first.add(8, "poll")
    first.add(9, "catchup")
    first.add(7, "notify", duplicate=True)
    eventually(lambda: len(steps(run, "queries-a")) == 4, what="the pod's entries are read")
    assert steps(run, "queries-a") == [("received", 7), ("recovered", 8), ("recovered", 9), ("duplicate", 7)]
    (committed,) = eventually(lambda: run.rows(LedgerEntry, "step = 'committed'"), what="the commit is read")
    assert committed.territory == "DE"
    assert abs(committed.at - time.time()) < 30
    (heard,) = eventually(lambda: run.rows(LedgerEntry, "step = 'notified'"), what="the notification is heard")
    assert heard.journal_id == 7
    assert run.rows(Sample, "name = 'database/pg_notification_queue_usage'")
    assert not run.rows(Gap, "source = 'ledger'")


@pytest.mark.alone  # on a machine that others keep busy, gaps are true
def test_a_quiet_system_has_no_gap(run: Any, pods: Callable[[str, str], PodServer], eventually: Any) -> None:
    pods("queries-quiet", "127.10.231.9")
    run.start(ready_within=5)
    eventually(lambda: current(run) and current(run, "watch"), what="it is current")
    time.sleep(8)
    assert current(run)
    assert current(run, "watch")
    assert run.stop() == 0
    assert not run.rows(Gap, "source IN ('ledger', 'watch', 'control-plane', 'database', 'receiver')")


def test_a_ready_pod_that_does_not_answer_is_a_gap_that_names_it(
    run: Any, pods: Callable[[str, str], PodServer], eventually: Any
) -> None:
    pods("queries-well", "127.10.231.2")
    ill = pods("queries-ill", "127.10.231.3")
    run.start(ready_within=3)
    eventually(lambda: current(run), what="the ledger is current")
    ill.delay = 30.0
    eventually(lambda: run.rows(Note, "text LIKE 'Nothing from ledger%'"), what="the silence is noticed")
    ill.delay = 0.0
    (gap,) = eventually(lambda: run.rows(Gap, "source = 'ledger'"), what="the gap is recorded")
    assert gap.until - gap.since > 3
    assert "queries-ill" in gap.reason
    assert "queries-well" not in gap.reason


def test_a_pod_that_is_killed_leaves_a_note_and_no_gap(
    run: Any, api: Any, pods: Callable[[str, str], PodServer], eventually: Any
) -> None:
    server = pods("queries-killed", "127.10.231.4")
    run.start(ready_within=3)
    eventually(lambda: current(run), what="the ledger is current")
    server.add(21)
    eventually(lambda: steps(run, "queries-killed"), what="its entry is read")
    server.close()
    api.kill("queries-killed")
    eventually(lambda: run.rows(Note, "text LIKE 'queries-killed ended%'"), what="its end is noted")
    time.sleep(4)
    assert current(run)
    assert run.stop() == 0
    assert not run.rows(Gap, "source = 'ledger'")


def test_a_pod_that_leaves_is_read_until_it_stops_answering(
    run: Any, api: Any, pods: Callable[[str, str], PodServer], eventually: Any
) -> None:
    server = pods("queries-leaving", "127.10.231.5")
    run.start(ready_within=3)
    eventually(lambda: current(run), what="the ledger is current")
    api.delete("/api/v1/namespaces/crm/pods/queries-leaving", gracePeriodSeconds=30)
    time.sleep(1)
    server.add(31)
    eventually(lambda: steps(run, "queries-leaving") == [("received", 31)], what="what came while it left is read")
    server.close()
    eventually(lambda: run.rows(Note, "text LIKE 'queries-leaving ended%'"), what="its end is noted")
    assert not run.rows(Gap, "source = 'ledger'")


def test_a_pod_whose_process_restarts_is_read_from_its_new_beginning(
    run: Any, pods: Callable[[str, str], PodServer], eventually: Any
) -> None:
    server = pods("queries-again", "127.10.231.6")
    run.start(ready_within=3)
    for event in (41, 42, 43):
        server.add(event)
    eventually(lambda: len(steps(run, "queries-again")) == 3, what="its entries are read")
    server.restart()
    server.add(44)
    eventually(lambda: steps(run, "queries-again")[-1:] == [("received", 44)], what="the new life's entry is read")
    assert run.rows(Note, "text LIKE 'queries-again was restarted%'")


def test_entries_that_a_pod_dropped_before_they_were_read_are_a_gap(
    run: Any, pods: Callable[[str, str], PodServer], eventually: Any
) -> None:
    server = pods("queries-full", "127.10.231.7")
    run.start(ready_within=3)
    server.add(51)
    eventually(lambda: steps(run, "queries-full"), what="its first entry is read")
    server.entries = [{**server.entries[0], "seq": 100, "id": 150}]
    (gap,) = eventually(lambda: run.rows(Gap, "source = 'ledger'"), what="the gap is recorded")
    assert "queries-full dropped entries 2 to 99" in gap.reason


def test_what_happens_just_before_the_end_is_in_the_record(
    run: Any, pods: Callable[[str, str], PodServer], postgres: Any, eventually: Any
) -> None:
    server = pods("queries-last", "127.10.231.8")
    run.start(ready_within=3)
    eventually(lambda: current(run), what="the ledger is current")
    server.add(61)
    postgres.execute("INSERT INTO integration.event_journal (territory) VALUES ('CH')")
    assert run.stop() == 0
    assert steps(run, "queries-last") == [("received", 61)]
    assert run.rows(LedgerEntry, "step = 'committed' AND territory = 'CH'")


def test_a_database_that_freezes_is_a_gap_and_its_commits_are_read_afterwards(
    run: Any, postgres: Any, eventually: Any
) -> None:
    run.start(ready_within=3)
    eventually(lambda: current(run) and current(run, "database"), what="both are current")
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        children = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'generalprobe-%'"
        ).fetchall()
    for (pid,) in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        postgres.execute("INSERT INTO integration.event_journal (territory) VALUES ('AT')")
        for source in ("ledger", "database"):
            eventually(lambda s=source: run.rows(Note, f"text LIKE 'Nothing from {s}%'"), what="the silence is noticed")
    finally:
        for (pid,) in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    (gap,) = eventually(lambda: run.rows(Gap, "source = 'ledger'"), 30, what="the gap is recorded")
    assert "journal" in gap.reason or "listen" in gap.reason
    eventually(
        lambda: run.rows(LedgerEntry, "step = 'committed' AND territory = 'AT'"), what="the commit is read after all"
    )
    assert "not-to-be-seen" not in "".join(row.text for row in run.rows(Note))


def test_the_listener_never_holds_a_transaction_open(run: Any, postgres: Any, eventually: Any) -> None:
    run.start(ready_within=3)
    eventually(lambda: current(run), what="the ledger is current")
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        for _ in range(20):
            states = connection.execute(
                "SELECT state FROM pg_stat_activity WHERE application_name = 'generalprobe-ledger'"
            ).fetchall()
            assert "idle in transaction" not in {state for (state,) in states}
            time.sleep(0.05)
    assert len(states) == 2


@pytest.mark.parametrize("transaction", ["xid", "no_such_column"])
def test_an_event_that_commits_after_a_later_one_is_not_missed(postgres: Any, transaction: str) -> None:
    async def tell() -> list[int]:
        journal = Journal(LedgerNames(transaction=transaction))
        seen: list[int] = []

        async def read() -> None:
            seen.extend([entry.journal_id async for batch in journal.news(connection) for entry in batch])

        connect = psycopg.AsyncConnection.connect
        async with await connect(postgres.dsn, autocommit=True) as connection:  # noqa: SIM117
            async with await connect(postgres.dsn) as slow:
                await read()
                insert = "INSERT INTO integration.event_journal (territory) VALUES ('DE') RETURNING id"
                (early,) = await (await slow.execute(insert)).fetchone() or (0,)
                (late,) = await (await connection.execute(insert)).fetchone() or (0,)
                assert early < late
                for _ in range(3):
                    await read()
                assert seen == [late]
                await connection.execute(
                    "UPDATE integration.event_journal SET dispatched_at = now() WHERE id = %s", (late,)
                )
                await slow.commit()
                for _ in range(3):
                    await read()
        assert sorted(seen) == [early, late], "each once, the early one too"
        return seen

    assert asyncio.run(tell())


def test_a_burst_of_events_is_read_whole(postgres: Any) -> None:
    async def count() -> int:
        journal = Journal(LedgerNames())
        async with await psycopg.AsyncConnection.connect(postgres.dsn, autocommit=True) as connection:
            await journal.begin(connection)
            insert = "INSERT INTO integration.event_journal (territory) SELECT 'DE' FROM generate_series(1, 3210)"
            await connection.execute(insert)
            return sum([len(batch) async for batch in journal.news(connection)])

    assert asyncio.run(count()) == 3210


@pytest.mark.parametrize("payload", ["", "no json", "[]", "7", "{}", '{"id": "x", "territory": "DE"}'])
def test_a_notification_that_names_no_event_is_no_row(payload: str) -> None:
    assert notified(payload, 1.0) is None
