"""The record: written by many, readable at any instant, whatever dies."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BadInput, Unavailable
from harness.record.reader import RecordReader
from harness.record.rows import FILE_NAME, TABLES, Gap, Heartbeat, Json, Mark, Meta, Note, Requests, Sample
from harness.record.writer import RecordWriter

ROOT = Path(__file__).parents[2]
WRITER = """
import sys, time
from pathlib import Path
from harness.record.rows import Heartbeat, Sample
from harness.record.writer import RecordWriter
writer = RecordWriter(Path(sys.argv[1]))
print("open", flush=True)
turn = 0
while True:
    turn += 1
    writer.add_all([Sample(float(turn), sys.argv[2], {"part": part}, 1.0) for part in range(10)])
    print(turn, flush=True)
    if len(sys.argv) > 3 and turn == int(sys.argv[3]):
        break
"""


def writer_process(run: Path, name: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(run), name, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
columns: dict[Any, st.SearchStrategy[Any]] = {
    float: st.floats(allow_nan=False),
    int: st.integers(-(2**63), 2**63 - 1),
    str: st.text(st.characters(exclude_categories=["Cs"])),
    bytes: st.binary(),
    Json: st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=4),
    float | None: st.none() | st.floats(allow_nan=False),
    bool | None: st.none() | st.booleans(),
}
rows = st.one_of(
    [
        st.builds(kind, **{name: columns.get(hint, st.sampled_from(["ADDED", "DELETED"])) for name, hint in hints.items()})
        for kind in TABLES
        if (hints := get_type_hints(kind))
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(rows, max_size=20))
def test_every_kind_of_row_reads_back_as_it_was_written(tmp_path_factory: Any, written: list[Any]) -> None:
    run = tmp_path_factory.mktemp("run")
    with RecordWriter(run) as record:
        record.add_all(written)
    with RecordReader(run) as record:
        for kind in TABLES:
            assert list(record.rows(kind)) == [row for row in written if type(row) is kind]


def test_every_column_of_every_row_is_covered_by_the_round_trip() -> None:
    for kind in TABLES:
        assert get_type_hints(kind).keys() == {field.name for field in fields(kind)}


def test_the_last_meta_and_the_first_mark_count(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as record:
        record.add_all(
            [Meta("outcome", {"n": 1}), Meta("outcome", {"n": 2}), Mark(1.0, "start", {}), Mark(2.0, "start", {})]
        )
    with RecordReader(tmp_path) as record:
        assert record.meta("outcome") == {"n": 2}
        assert record.meta("nothing") is None
        assert record.mark("start") == Mark(1.0, "start", {})


def test_what_a_killed_writer_said_was_written_is_there_and_nothing_is_half(tmp_path: Path) -> None:
    run, chance = tmp_path / "run", random.Random(4)
    said: dict[str, int] = {}
    for life in range(6):
        writers = {f"w{life}-{n}": writer_process(run, f"w{life}-{n}") for n in range(3)}
        for process in writers.values():
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.0, 0.25))
        for process in writers.values():
            process.send_signal(signal.SIGKILL)
        for name, process in writers.items():
            output, _ = process.communicate()
            complete = output[: output.rfind("\n") + 1].split()
            said[name] = int(complete[-1]) if complete else 0
        with RecordReader(run) as record:
            for name, turns in said.items():
                counts = record.select("SELECT at, count(*) FROM samples WHERE name = ? GROUP BY at ORDER BY at", (name,))
                assert len(counts) in (turns, turns + 1), "what was said to be written is written"
                assert all(count == 10 for _, count in counts), "a transaction is there whole or not at all"
    assert sum(said.values()) > 0
    with RecordReader(run) as record:
        assert record.select("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("attempt", range(5))
def test_a_writer_killed_while_it_opens_the_record_does_not_spoil_it(tmp_path: Path, attempt: int) -> None:
    run, chance = tmp_path / "run", random.Random(attempt)
    process = writer_process(run, "early")
    deadline = time.monotonic() + 20
    while not (run / FILE_NAME).exists() and time.monotonic() < deadline:
        time.sleep(0.0005)
    time.sleep(chance.uniform(0, 0.01))
    process.kill()
    process.communicate()
    with RecordWriter(run) as record:
        record.add(Heartbeat(1.0, "after"))
    with RecordReader(run) as record:
        assert list(record.rows(Heartbeat)) == [Heartbeat(1.0, "after")]


def test_many_processes_open_and_write_one_new_record_at_once(tmp_path: Path) -> None:
    run = tmp_path / "run"
    processes = [writer_process(run, f"w{n}", "20") for n in range(6)]
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0] * 6
    with RecordReader(run) as record:
        assert record.select("SELECT count(*) FROM samples") == [(6 * 20 * 10,)]


def test_threads_of_one_process_share_a_writer(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as record:
        writers = [
            threading.Thread(target=lambda n=n: [record.add(Heartbeat(float(i), f"t{n}")) for i in range(50)])
            for n in range(4)
        ]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
    with RecordReader(tmp_path) as record:
        assert record.select("SELECT count(*) FROM heartbeats") == [(200,)]


def test_a_reader_sees_what_is_being_written_and_never_stops_it(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as writer, RecordReader(tmp_path) as reader:
        for n in range(1, 50):
            writer.add(Heartbeat(float(n), "load"))
            assert len(list(reader.rows(Heartbeat))) == n
        half_read = reader.rows(Heartbeat)
        next(half_read)
        writer.add(Heartbeat(50.0, "load"))
        assert sum(1 for _ in half_read) >= 48


def test_a_record_in_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with RecordWriter(run) as record:
        record.add(Heartbeat(1.0, "load"))
    assert sorted(path.name for path in run.iterdir()) == [FILE_NAME]
    read = (
        "import os, sys; from pathlib import Path; from harness.record.reader import RecordReader; "
        "from harness.record.rows import Heartbeat; os.geteuid() or os.seteuid(65534); "
        "print(len(list(RecordReader(Path(sys.argv[1])).rows(Heartbeat))))"
    )
    for folder in (run, *run.parents):
        if folder != Path(tempfile.gettempdir()) and folder.is_relative_to(tempfile.gettempdir()) and os.geteuid() == 0:
            folder.chmod(0o755)
    run.chmod(0o555)
    (run / FILE_NAME).chmod(0o444)
    found = subprocess.run([sys.executable, "-c", read, str(run)], capture_output=True, text=True, cwd=ROOT, check=False)
    run.chmod(0o755)
    assert found.stdout == "1\n", found.stderr


@pytest.mark.parametrize("name", ["100% done", "what?", "no #1", "ä ö", "a&mode=rwc"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    with RecordWriter(tmp_path / name) as record:
        record.add(Heartbeat(1.0, "load"))
    with RecordReader(tmp_path / name) as record:
        assert list(record.rows(Heartbeat)) == [Heartbeat(1.0, "load")]


def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as record:
        record.add(Heartbeat(1.0, "load"))
    before = (tmp_path / FILE_NAME).read_bytes()
    with RecordReader(tmp_path) as record:
        list(record.rows(Heartbeat))
        with pytest.raises(sqlite3.OperationalError):
            record.select("DELETE FROM heartbeats")
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no record in"),
        (b"", "is not a readable record"),
        (b"no database, only text" * 100, "is not a readable"),
    ],
)
def test_no_record_is_one_sentence(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(BadInput, match=says) as error:
        RecordReader(tmp_path)
    assert "\n" not in str(error.value)


def test_a_damaged_page_is_one_sentence(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as record:
        record.add_all(Sample(float(n), "x" * 100, {}, 1.0) for n in range(2000))
    content = bytearray((tmp_path / FILE_NAME).read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(BadInput, match="is damaged"), RecordReader(tmp_path) as record:
        list(record.rows(Sample))


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be written") as error:
        RecordWriter(tmp_path / "run")
    assert "\n" not in str(error.value)


def test_a_full_disk_is_one_sentence_and_what_was_written_stays(tmp_path: Path) -> None:
    record = RecordWriter(tmp_path)
    record.add(Heartbeat(1.0, "load"))
    (pages,) = record._db.execute("PRAGMA page_count").fetchone()
    record._db.execute(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(Unavailable, match="cannot be written: database or disk is full"):
        record.add_all(Note(1.0, "load", "info", "x" * 1000) for _ in range(200))
    record._db.execute("PRAGMA max_page_count = 1000000")
    record.add(Gap("load", 1.0, 2.0, "the disk was full"))
    record.close()
    with RecordReader(tmp_path) as reader:
        assert list(reader.rows(Note)) == []
        assert list(reader.rows(Gap)) == [Gap("load", 1.0, 2.0, "the disk was full")]


def test_a_file_system_that_is_really_full_is_one_sentence(tmp_path: Path) -> None:
    write = (
        "import resource, signal, sys; from pathlib import Path; from harness.record.writer import RecordWriter\n"
        "from harness.record.rows import Note\nfrom harness.errors import Unavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "record = RecordWriter(Path(sys.argv[1]))\ntry:\n"
        "    while True: record.add(Note(1.0, 'x', 'info', 'y' * 5000))\n"
        "except Unavailable as error: print(error)"
    )
    command = [sys.executable, "-c", write, str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert found.stderr == ""
    assert "cannot be written" in found.stdout
    assert found.stdout.count("\n") == 1
    with RecordReader(tmp_path) as reader:
        assert list(reader.rows(Note))


def test_an_error_in_one_row_writes_none_of_its_transaction(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as record:
        with pytest.raises(OverflowError):
            record.add_all([Heartbeat(1.0, "load"), Requests(2**70, "DE", "w", "o", "ok", 1, b"")])
        record.add(Heartbeat(2.0, "load"))
    with RecordReader(tmp_path) as reader:
        assert list(reader.rows(Heartbeat)) == [Heartbeat(2.0, "load")]


def test_nothing_that_is_written_loses_its_order(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as record:
        for n in (3, 1, 2):
            record.add(Mark(float(n), f"m{n}", {"n": n}))
    with RecordReader(tmp_path) as reader:
        assert [mark.name for mark in reader.rows(Mark)] == ["m3", "m1", "m2"]
        assert json.dumps([mark.detail for mark in reader.rows(Mark)]) == '[{"n": 3}, {"n": 1}, {"n": 2}]'


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    record = RecordWriter(tmp_path)
    record.close()
    record.close()
    reader = RecordReader(tmp_path)
    reader.close()
    reader.close()
