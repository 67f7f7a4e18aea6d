"""One planned fault, carried out: chaostoolkit runs the experiment, and what really happens goes into the record."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.run import RunEventHandler
from kubernetes import client

from harness.errors import BadInput, Exit, Inconclusive, RehearseError
from harness.faults.experiment import Experiment, secrets
from harness.faults.journal import EFFECT, effect, good, judge, name, seen, undone
from harness.faults.pods import ready_pods
from harness.faults.redact import RedactingFormatter, Redactor, secrets_of
from harness.faults.stop import Stop
from harness.record.rows import Fault, Heartbeat, Journal, Mark, Note
from harness.record.writer import RecordWriter
from harness.safety.cluster import connect
from harness.safety.guard import allowed, check_radius, check_target
from harness.safety.restore import restore_entry
from harness.safety.undo import UndoJournal
from harness.target.base import Target

Json = dict[str, Any]

ROLLBACK_SECONDS = 15.0
"""How long rollbacks may take before a hanging one is broken off and counts as failed: less than what the runner waits."""

HEARTBEAT_SECONDS = 1.0


def carry_out(run: Path, target: Target, experiment: Experiment, begins: float, stop: Stop) -> Exit:
    """Wait for the moment `begins` (seconds since the epoch), run the experiment, record all of it.

    Rollbacks are done and rows are written however it ends. Returns PASS (effect proven, all taken back), INCONCLUSIVE
    (no effect, or anything went otherwise than planned) or INTERRUPTED. Raises Vetoed and other RehearseErrors, recorded.
    """
    fault = experiment.planned.id
    redactor = Redactor(secrets_of(target.database_dsn, target.kubeconfig) | secrets(experiment))
    _log_without_secrets(redactor)
    with RecordWriter(run) as record, _heartbeats(record, f"fault:{fault}"):
        recorder = Recorder(record, experiment, redactor, stop)
        try:
            _validate(experiment)
            _guard(target, experiment)
            if not stop.wait_until(begins):
                recorder.never_began(f"asked to stop before it began ({stop.reason})")
                return Exit.INTERRUPTED
            _guard(target, experiment)  # what was allowed minutes ago may not be any more
            journal = _run(experiment, recorder, stop)
        except RehearseError as error:
            recorder.never_began(str(error))
            raise type(error)(redactor.text(str(error))) from None
        except Exception as error:
            logging.getLogger("chaostoolkit").error("unexpected", exc_info=True)
            recorder.never_began(f"{type(error).__name__}: {error}")
            text = redactor.text(f"{type(error).__name__}: {error}")
            raise Inconclusive(f"The fault {fault} broke off unexpectedly ({text}); see its log for where.") from None
        recorder.ended(journal, run, _put_back_own(target))
        if stop.reason in ("SIGTERM", "Ctrl-C"):
            return Exit.INTERRUPTED
        return Exit.PASS if journal is not None and not judge(journal) and stop.reason is None else Exit.INCONCLUSIVE


class Recorder(RunEventHandler):  # type: ignore[misc]
    """Writes rows as chaoslib goes along, and says when a signal may break it off.

    chaoslib hides what its handlers raise; a row that could not be written is kept in `failures` and raised at the end.
    """

    def __init__(
        self,
        record: RecordWriter,
        experiment: Experiment,
        redactor: Redactor,
        stop: Stop,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`now`: the clock of the rows, seconds since the epoch."""
        self._record, self._experiment, self._redactor, self._stop, self._now = record, experiment, redactor, stop, now
        self._fault = experiment.planned.id
        self.began = self._effect_written = False
        self.journal: Json | None = None
        self.failures: list[str] = []

    def started(self, experiment: Json, journal: Json) -> None:
        """Take the signals back from chaoslib, which has just installed its own."""
        self._stop.install()
        self.journal = journal

    def start_hypothesis_before(self, experiment: Json) -> None:
        """Looking may be broken off."""
        self._stop.breakable()

    def hypothesis_before_completed(self, experiment: Json, state: Json, journal: Json) -> None:
        """Between two stretches chaoslib is not prepared for being broken off."""
        self._stop.unbreakable()

    def start_method(self, experiment: Json) -> None:
        """The true start of the fault."""
        detail = {"title": experiment.get("title"), "configuration": self._experiment.configuration}
        self.began = True
        self._add(Mark(self._now(), f"fault:{self._fault}", {}))
        self._fault_row("started", detail)
        self._stop.breakable()

    def method_completed(self, experiment: Json, state: Any = None) -> None:
        """What follows is looking at the system and rolling back."""
        self._stop.unbreakable()

    def start_hypothesis_after(self, experiment: Json) -> None:
        """Looking may be broken off."""
        self._stop.breakable()

    def hypothesis_after_completed(self, experiment: Json, state: Json, journal: Json) -> None:
        """Rollbacks come next, and come whole."""
        self._stop.unbreakable()

    def start_rollbacks(self, experiment: Json) -> None:
        """From here on only the rollbacks' own limit counts."""
        self._stop.rolling_back(ROLLBACK_SECONDS)

    def rollbacks_completed(self, experiment: Json, journal: Json) -> None:
        """The fault is over."""
        self._stop.rolled_back()
        if self.began:
            self._add(Mark(self._now(), f"fault-end:{self._fault}", {}))

    def activity_completed(self, activity: Json, run: Json) -> None:
        """An effect is recorded the moment it is seen, so that a later crash does not lose it."""
        if (
            str(activity.get("name", "")).startswith(EFFECT)
            and run.get("status") == "succeeded"
            and seen(run.get("output"))
        ):
            with self._stop.deferred():
                self._effect_written = True
                self._fault_row("effect", {"probe": activity["name"], "seen": run.get("output")})

    def never_began(self, reason: str) -> None:
        """The fault was not begun, or could not be followed; say so."""
        self._add(Note(self._now(), f"fault:{self._fault}", "error", self._redactor.text(reason)))
        self._fault_row("no_effect", {"reason": reason})
        self._fault_row("ended", {"problems": [reason], "stopped_by": self._stop.reason})

    def ended(self, journal: Json | None, run: Path, put_back: list[str]) -> None:
        """The last rows: whether it had an effect, whether it was taken back, everything that went otherwise.

        `put_back`: what the undo journal still had to take back after the rollbacks.
        """
        if journal is None:
            self.never_began(f"broken off before it began ({self._stop.reason})")
            return
        problems = judge(journal)
        clean: Json = self._redactor.tree(journal)
        if not effect(journal):
            self._fault_row("no_effect", {"reason": "; ".join(problems)})
        elif not self._effect_written:
            self._fault_row("effect", {"probe": EFFECT})
        rollbacks = journal.get("rollbacks") or []
        said = [{"name": name(each), "good": good(each), "output": each.get("output")} for each in rollbacks]
        self._fault_row("undone" if undone(journal) else "undo_failed", {"rollbacks": said, "put_back": put_back})
        self._add(Journal(self._now(), self._fault, clean))
        for problem in problems:
            self._add(Note(self._now(), f"fault:{self._fault}", "warning", self._redactor.text(problem)))
        self._fault_row("ended", {"status": journal.get("status"), "problems": problems, "stopped_by": self._stop.reason})
        _write_journal(run / "chaos" / f"{self._fault}.journal.json", clean)
        if self.failures:
            raise Inconclusive(f"The record of {self._fault} is incomplete: {self.failures[0]}; look at the disk.")

    def _fault_row(self, step: str, detail: Json) -> None:
        self._add(Fault(self._now(), self._fault, step, self._redactor.tree(detail)))

    def _add(self, row: Mark | Fault | Journal | Note) -> None:
        try:
            self._record.add(row)
        except Exception as error:  # sqlite3's, and whatever a full disk brings
            self.failures.append(str(error))


def _run(experiment: Experiment, recorder: Recorder, stop: Stop) -> Json | None:
    """The journal, or None where a signal came before anything was begun. Raises BadInput."""
    stop.after(experiment.planned.timeout)
    try:
        journal: Json = run_experiment(
            experiment.body,
            settings={"runtime": {"rollbacks": {"strategy": "always"}}},
            experiment_vars=(dict(experiment.planned.configuration), {}),
            strategy=experiment.strategy,
            event_handlers=[recorder],
        )
        return journal
    except SystemExit:
        return recorder.journal if recorder.began else None
    except ChaosException as error:
        if recorder.began:
            return recorder.journal
        if stop.reason is not None:
            return None
        raise BadInput(f"{experiment.path.name}: {error}") from None
    finally:
        stop.after(0)


def _validate(experiment: Experiment) -> None:
    try:
        ensure_experiment_is_valid(experiment.body)
    except ChaosException as error:
        raise BadInput(f"{experiment.path.name} is not a valid experiment: {error}") from None


def _guard(target: Target, experiment: Experiment) -> None:
    """Raise Vetoed unless the target is allowed, opted in, and the fault reaches no further than it may right now."""
    permitted = allowed()
    check_target(target, permitted)
    namespace = experiment.configuration.get("namespace", target.namespace)
    if namespace != target.namespace:
        raise BadInput(f"{experiment.planned.id} names the namespace '{namespace}', the target is '{target.namespace}'.")
    ready = None
    if experiment.radius.of and experiment.radius.of.strip():
        core = client.CoreV1Api(connect(target.kubeconfig, target.context))
        ready = len(ready_pods(core, target.namespace, experiment.radius.of))
    check_radius(experiment.radius, permitted.limits, ready)


def _put_back_own(target: Target) -> list[str]:
    """What the rollbacks left open in the undo journal, once more, without chaostoolkit. Returns what became of it."""
    journal = UndoJournal(target.name)
    try:
        return [str(restore_entry(journal, entry)) for entry in journal.open_entries() if entry.pid == os.getpid()]
    except RehearseError as error:
        return [str(error)]


@contextmanager
def _heartbeats(record: RecordWriter, source: str) -> Iterator[None]:
    over = threading.Event()

    def beat() -> None:
        while not over.is_set():
            record.add(Heartbeat(time.time(), source))
            over.wait(HEARTBEAT_SECONDS)

    thread = threading.Thread(target=beat, name="heartbeats", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


def _log_without_secrets(redactor: Redactor) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(redactor))
    logger = logging.getLogger("chaostoolkit")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def _write_journal(path: Path, journal: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(journal, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
