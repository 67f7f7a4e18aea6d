"""The recorder: starts the workers, keeps the books on what they say, and writes the record once a second."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from harness.errors import Exit, Inconclusive
from harness.load.book import ArrivalsBook, Books
from harness.load.job import Job, Limits
from harness.load.report import Report
from harness.record.rows import Heartbeat, Note, Row, Sample
from harness.record.writer import RecordWriter

SOURCE = "load"
WRITE_EVERY = 1.0
SILENCE = 2.5
"""Seconds without a word after which a worker is not current, so that no heartbeat says it is."""
STOP_WITHIN = 5.0
END_WITHIN = 10.0
"""Seconds after the stop, or after the end of the plan, in which a worker has to be done; then it is ended."""
SATURATED = 0.9


@dataclass(slots=True)
class Worker:
    """A worker process and what came from it that is not yet a whole line."""

    index: int
    process: subprocess.Popen[bytes]
    reports: socket.socket
    rest: bytes = b""
    heard: float = 0.0
    ended: bool = False
    last: Report | None = None
    busy: int = 0


@dataclass(slots=True)
class Recorder:
    """One run of the load."""

    job: Job
    run: Path
    target_file: Path
    limits: Limits
    count: int
    writer: RecordWriter
    stopped_at: float | None = None
    died: bool = False
    _workers: list[Worker] = field(default_factory=list)
    _notes: list[Note] = field(default_factory=list)

    def record(self) -> Exit:
        """Until the plan ends, or until stopped. INCONCLUSIVE where a worker died on the way."""
        books = Books(ArrivalsBook(self.job.arrivals(), self.job.t0, self.job.workload_of, self.count), self.count)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        with selectors.DefaultSelector() as selector:
            try:
                for index in range(self.count):
                    self._workers.append(self._start(index))
                    selector.register(self._workers[-1].reports, selectors.EVENT_READ, self._workers[-1])
                self._keep(books, selector)
            finally:
                for worker in self._workers:
                    _end(worker)
        self._close(books)
        return Exit.INCONCLUSIVE if self.died else Exit.PASS

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped_at = self.stopped_at or time.time()

    def _start(self, index: int) -> Worker:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "harness.load.worker", str(self.run), "--target", str(self.target_file)]
        command += ["--index", str(index), "--workers", str(self.count), "--in-flight", str(self.limits.in_flight)]
        command += ["--late", str(self.limits.late), "--recorder", str(os.getpid()), "--socket", str(theirs.fileno())]
        with theirs:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))
        ours.setblocking(False)
        return Worker(index, process, ours)

    def _keep(self, books: Books, selector: selectors.BaseSelector) -> None:
        write_at = time.monotonic() + WRITE_EVERY
        told = False
        while any(not worker.ended for worker in self._workers) or (self.stopped_at is None and time.time() < self.job.end):
            for key, _ in selector.select(max(0.0, min(0.2, write_at - time.monotonic()))):
                self._read(key.data, books, selector)
            if self.stopped_at is not None and not told:
                told = True
                for worker in self._workers:
                    if not worker.ended:
                        worker.process.terminate()
            if self.stopped_at is not None and time.time() > self.stopped_at + STOP_WITHIN:
                return
            if time.time() > self.job.end + END_WITHIN:
                self._give_up()
                return
            if time.monotonic() >= write_at:
                write_at = max(write_at + WRITE_EVERY, time.monotonic())
                self._write(books)

    def _read(self, worker: Worker, books: Books, selector: selectors.BaseSelector) -> None:
        try:
            data = worker.reports.recv(1 << 20)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            selector.unregister(worker.reports)
            self._ended(worker)
            return
        *lines, worker.rest = (worker.rest + data).split(b"\n")
        for line in lines:
            worker.last = Report.decode(line)
            worker.heard = time.monotonic()
            books.take(worker.index, worker.last)
            self._listen(worker, worker.last)

    def _listen(self, worker: Worker, report: Report) -> None:
        now = time.time()
        self._notes += [Note(now, SOURCE, level, text) for level, text in report.notes]
        worker.busy = worker.busy + 1 if report.cpu_share >= SATURATED else 0
        if worker.busy == 4:
            text = (
                f"Load worker {worker.index} used {report.cpu_share:.0%} of its core for 2 s; give it more with --workers."
            )
            self._notes.append(Note(now, SOURCE, "warning", text))

    def _ended(self, worker: Worker) -> None:
        worker.ended = True
        status = worker.process.wait()
        if worker.last is not None and worker.last.last:
            return
        if self.stopped_at is not None and worker.last is None:
            return
        self.died = True
        how = f"signal {-status}" if status < 0 else f"exit code {status}"
        if worker.last is None:
            raise Inconclusive(f"Load worker {worker.index} ended before it began ({how}); its log says why.")
        lost = (
            f"{worker.last.in_flight} of its requests were open"
            if worker.last.in_flight
            else "none of its requests was open"
        )
        text = f"Load worker {worker.index} died ({how}); its arrivals count as not started, {lost} at its last word."
        self._notes.append(Note(time.time(), SOURCE, "error", text))

    def _give_up(self) -> None:
        """A worker that does not end by itself is as good as dead: what it has not told was not started."""
        self.died = True
        stuck = ", ".join(str(worker.index) for worker in self._workers if not worker.ended)
        text = f"Load worker {stuck} did not end with the plan; what it has not told counts as not started."
        self._notes.append(Note(time.time(), SOURCE, "error", text))

    def _write(self, books: Books) -> None:
        now = time.time()
        alive = [worker for worker in self._workers if not worker.ended]
        current = all(worker.heard and time.monotonic() - worker.heard < SILENCE for worker in alive)
        rows: list[Row] = [*books.settle(now, [worker.index for worker in alive]), *self._take_notes()]
        rows += [
            Sample(now, name, {"worker": worker.index}, value)
            for worker in alive
            if worker.last is not None
            for name, value in (("load_cpu_share", worker.last.cpu_share), ("load_in_flight", float(worker.last.in_flight)))
        ]
        if current:
            rows.append(Heartbeat(now, SOURCE))
        self.writer.add_all(rows)

    def _close(self, books: Books) -> None:
        if self.stopped_at is None:
            rows = books.close(float("inf"), None)
        else:
            limits = [w.last.passed if w.last is not None and w.last.last else self.stopped_at for w in self._workers]
            limits = [min(limit, self.job.end) for limit in limits]
            rows = books.close(max(limits) + 1, limits)
        self.writer.add_all([*rows, *self._take_notes(), Heartbeat(time.time(), SOURCE)])

    def _take_notes(self) -> list[Note]:
        notes, self._notes = self._notes, []
        return notes


def _end(worker: Worker) -> None:
    """Make sure the process is gone; it has had its time."""
    if worker.process.poll() is None:
        worker.process.kill()
        worker.process.wait()
    worker.reports.close()
