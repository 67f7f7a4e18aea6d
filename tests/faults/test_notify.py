from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from harness.errors import BadInput, Inconclusive
from harness.faults import notify
from harness.safety.restore import NotRestored
from harness.safety.undo import UndoJournal


@pytest.fixture(autouse=True)
def _nothing_held(state: Path) -> Iterator[None]:
    notify._HELD.clear()
    yield
    for held in notify._HELD:
        held.connection.close()
    notify._HELD.clear()


def test_a_flood_fills_the_queue_until_a_commit_is_refused_and_release_empties_it(small_queue: str, state: Path) -> None:
    secrets = {"dsn": small_queue}
    assert notify.usage(secrets) < 0.1
    notify.hold_open("generalprobe_flood", secrets)
    assert [entry.kind for entry in UndoJournal("by-hand", state).open_entries()] == ["sql-terminate"]

    flooded = notify.flood("generalprobe_flood", secrets=secrets)
    assert flooded["stopped_by"] == "limit"
    assert flooded["refused"]
    assert flooded["sent"] < 50_000
    assert notify.usage_above(0.7, secrets)["seen"]
    with psycopg.connect(small_queue, autocommit=True) as crm, pytest.raises(psycopg.errors.ProgramLimitExceeded):
        crm.execute("SELECT pg_notify('crm_events', '{}')")
    assert notify.hold(0.2, 0.7, secrets)["lowest_usage"] > 0.7

    assert len(notify.release(secrets)["released"]) == 1
    assert notify.usage_below(0.1, 10, secrets)["seen"]
    assert UndoJournal("by-hand", state).open_entries() == []
    with psycopg.connect(small_queue, autocommit=True) as crm:
        crm.execute("SELECT pg_notify('crm_events', '{}')")


def test_a_flood_up_to_a_target_stops_there(small_queue: str) -> None:
    secrets = {"dsn": small_queue}
    notify.hold_open("other", secrets)
    flooded = notify.flood("other", until="target", target_usage=0.3, secrets=secrets)
    assert flooded["stopped_by"] == "target"
    assert not flooded["refused"]
    assert 0.3 <= flooded["usage"] < 0.6
    assert not notify.usage_above(0.7, secrets)["seen"]
    notify.release(secrets)
    assert notify.usage_below(0.1, 10, secrets)["seen"]


@pytest.mark.parametrize(
    ("limit", "stopped_by"), [({"max_notifies": 700}, "max_notifies"), ({"max_seconds": 0.0}, "max_seconds")]
)
def test_a_flood_of_a_production_queue_stops_at_its_limits_and_has_no_effect(
    large_queue: str, limit: dict[str, float], stopped_by: str
) -> None:
    secrets = {"dsn": large_queue}
    notify.hold_open("c", secrets)
    flooded = notify.flood("c", secrets=secrets, **limit)  # type: ignore[arg-type]
    assert flooded["stopped_by"] == stopped_by
    assert flooded["sent"] <= 700
    assert not notify.usage_above(0.7, secrets)["seen"]
    assert notify.hold(60, 0.7, secrets)["held_seconds"] == 0.0
    notify.release(secrets)


def test_a_full_queue_that_we_do_not_hold_is_not_our_effect(small_queue: str) -> None:
    assert not notify.usage_above(-1.0, {"dsn": small_queue})["seen"]


def test_holding_ends_with_a_sentence_when_somebody_ends_the_listener(small_queue: str) -> None:
    secrets = {"dsn": small_queue}
    name = notify.hold_open("c", secrets)["application_name"]
    notify.flood("c", secrets=secrets)

    def end() -> None:
        time.sleep(0.3)
        with psycopg.connect(small_queue, autocommit=True) as db:
            db.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (name,))
            db.execute("LISTEN c")  # a new listener lets the server trim the queue

    killer = threading.Thread(target=end)
    killer.start()
    with pytest.raises(Inconclusive, match="its listener was ended"):
        notify.hold(30, 0.7, secrets)
    killer.join()
    assert notify.usage_below(0.1, 10, secrets)["seen"]
    notify.release(secrets)


def test_commits_of_others_go_on_during_the_flood(small_queue: str) -> None:
    """A notifying commit waits for at most one batch: none of them fails before the queue is full."""
    secrets = {"dsn": small_queue}
    notify.hold_open("c", secrets)
    worked, over = 0, threading.Event()

    def commit() -> None:
        nonlocal worked
        with psycopg.connect(small_queue, autocommit=True) as crm:
            while not over.is_set():
                crm.execute("SELECT pg_notify('crm_events', clock_timestamp()::text)")
                worked += 1
                time.sleep(0.001)

    crm = threading.Thread(target=commit)
    crm.start()
    flooded = notify.flood("c", until="target", target_usage=0.6, secrets=secrets)
    over.set()
    crm.join()
    assert flooded["stopped_by"] == "target"
    assert worked > 5
    notify.release(secrets)


def test_an_unknown_until_is_refused(small_queue: str) -> None:
    with pytest.raises(BadInput, match="'limit' or 'target'"):
        notify.flood("c", until="full", secrets={"dsn": small_queue})


def test_release_without_a_database_is_not_called_done(small_queue: str, state: Path) -> None:
    notify.hold_open("c", {"dsn": small_queue})
    with pytest.raises(NotRestored, match="cannot be seen"):
        notify.release({"dsn": "postgresql://crm@127.0.0.1:1/postgres"})
    assert len(UndoJournal("by-hand", state).open_entries()) == 1
