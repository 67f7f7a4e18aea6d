"""One `rehearse validate`, from what the command line says to the text it prints and its exit code."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from harness.errors import BadInput, Exit
from harness.run.folder import runs_folder
from harness.validate.baseline import Baseline, baseline_text, read_baseline
from harness.validate.changed import change_since, spans
from harness.validate.config import ValidateConfig, find_config
from harness.validate.coverage import coverage
from harness.validate.emit import emitted
from harness.validate.engine import Outcome, read, validate
from harness.validate.estate import Estate, did_you_mean
from harness.validate.finding import Finding, Severity
from harness.validate.fingerprint import Sources, fingerprints
from harness.validate.formats import format_of
from harness.validate.reading.files import Scope
from harness.validate.registry import rules
from harness.validate.rehearsed import read_verdicts
from harness.validate.report import Report, count_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line says; None and () where it says nothing."""

    paths: Sequence[Path]
    format: str = "text"
    fail_on: str | None = None
    changed_since: str | None = None
    helm: Sequence[Path] = ()
    year: int | None = None
    database: bool | None = None
    understood: bool = False
    coverage: bool = False
    emit: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    holidays: Sequence[str] = ()


def run(wishes: Wishes, today: date, colour: bool) -> tuple[str, Exit]:
    """(what to print, the exit code). Raises BadInput."""
    chosen = format_of(wishes.format)
    gc.disable()  # thousands of small objects that all live until the end
    try:
        report = examine(wishes, today, progress_on_stderr())
    finally:
        gc.freeze()  # nor is there anything to look for among them when the process ends
        gc.enable()
    if wishes.write_baseline is not None:
        wishes.write_baseline.write_text(baseline_text(report.findings, report.fingerprints), encoding="utf-8")
        return f"{wishes.write_baseline}: {count_of(len(report.findings), 'finding')} known from now on\n", Exit.PASS
    return chosen.write(report, colour), Exit.FAILED if report.failed else Exit.PASS


def examine(wishes: Wishes, today: date, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Read and check. Raises BadInput."""
    begun = time.monotonic()
    paths = wishes.paths or [Path()]
    config, root = find_config(Path())
    selection = config.selection(tuple(wishes.select), tuple(wishes.ignore))
    selection.check(rules())
    change = change_since(wishes.changed_since, Path()) if wishes.changed_since is not None else None
    baseline = _baseline(wishes, config, root)
    values = tuple(wishes.helm) or tuple(root / name for name in config.helm_values)
    scope = Scope(tuple(config.exclude), root, _existing(values), tuple(config.runbooks))
    estate = read(paths, scope, progress)
    settings = config.settings(
        today, estate, year=wishes.year, database=wishes.database, holidays=tuple(wishes.holidays) or None
    )
    outcome = validate(estate, settings, selection, progress)
    progress("")
    sources = Sources(estate.found.files)
    prints = fingerprints(outcome.findings, sources)
    ran = [rule for rule in rules() if rule.id in outcome.seconds]
    findings, known = baseline.split(outcome.findings, prints) if baseline is not None else (list(outcome.findings), [])
    if baseline is not None and change is None:
        read_paths = frozenset(file.path.as_posix() for file in estate.found.files)
        settled = baseline.settled([prints[one] for one in known], ran, read_paths)
        prints |= fingerprints(settled, sources)
        findings = sorted([*findings, *(selection.weigh(one) for one in settled)], key=Finding.order)
        prints |= {selection.weigh(one): prints[one] for one in settled}
    elsewhere = 0
    if change is not None:
        around = spans(estate)
        touched = [finding for finding in findings if change.touches(finding, around)]
        elsewhere, findings = len(findings) - len(touched), touched
    report = Report(
        estate=estate,
        findings=findings,
        fingerprints=prints,
        sources=sources,
        rules=ran,
        fail_on=_level(wishes.fail_on or config.fail_on),
        silenced=outcome.silenced,
        known=known,
        elsewhere=elsewhere,
        understood=wishes.understood,
        coverage=coverage(estate, settings, read_verdicts(runs_folder())) if wishes.coverage else None,
        extra={"corrected cron triggers": emitted(estate, settings)} if wishes.emit else {},
        notes=_notes(estate, outcome, settings.database),
    )
    return replace(report, seconds=time.monotonic() - begun)


def progress_on_stderr(after: float = 2.0) -> Callable[[str], None]:
    """Tells on stderr what is at work, once it takes longer than `after` seconds and where a person watches."""
    begun, shown = time.monotonic(), [0.0]

    def tell(what: str) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty():
            return
        if not what:
            if shown[0]:
                sys.stderr.write("\r\x1b[K")
        elif now - begun > after and now - shown[0] > 0.1:
            shown[0] = now
            sys.stderr.write(f"\r\x1b[K{what[:100]}")
        sys.stderr.flush()

    return tell


def _baseline(wishes: Wishes, config: ValidateConfig, root: Path) -> Baseline | None:
    if wishes.write_baseline is not None:
        return None
    if wishes.baseline is not None:
        return read_baseline(wishes.baseline)
    return read_baseline(root / config.baseline) if config.baseline else None


def _existing(values: Sequence[Path]) -> tuple[Path, ...]:
    for path in values:
        if not path.is_file():
            raise BadInput(f"There is no values file {path}; check --helm, or helm-values of the configuration.")
    return tuple(values)


def _level(name: str) -> Severity:
    known = {str(severity): severity for severity in Severity}
    if name not in known:
        raise BadInput(f"There is no severity '{name}'{did_you_mean(name, known) or '; there are error, warning, info.'}")
    return known[name]


def _notes(estate: Estate, outcome: Outcome, database: bool) -> list[str]:
    notes = []
    if estate.found.sql and not database:
        notes.append("SQL was not applied to a database, because it was told not to be (--no-db)")
    return notes
