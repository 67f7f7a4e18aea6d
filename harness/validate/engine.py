"""Paths -> estate -> findings, in an order that does not depend on anything but what is in the files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.validate.artefacts import Found
from harness.validate.bounded import TooLong, bounded
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Finding, Severity
from harness.validate.reading.charts import rendered
from harness.validate.reading.files import Scope, read_files
from harness.validate.reading.ics import seasons
from harness.validate.reading.ignored import Globs
from harness.validate.reading.prose import read_promises
from harness.validate.reading.recognise import read_all
from harness.validate.registry import rules
from harness.validate.rule import ValidationRule
from harness.validate.selection import Selection
from harness.validate.suppression import Ignore, ignores, silence
from harness.validate.text import Place, TextFile

UNUSED = "IN004"
BROKEN = "IN006"
MOST_SECONDS = 120.0
"""So long may one rule take; those that start a database are the slowest."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What `rehearse validate` has to tell. `silenced`: findings with an ignore comment; `seconds`: what each rule took."""

    estate: Estate
    findings: tuple[Finding, ...]
    silenced: tuple[Finding, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def _quiet(what: str) -> None:
    """No progress is shown."""


def read(paths: Sequence[Path], scope: Scope | None = None, progress: Callable[[str], None] = _quiet) -> Estate:
    """Everything below these paths. Raises BadInput where one does not exist."""
    found, scope = Found(), scope or Scope()
    texts: Iterable[TextFile] = read_files(paths, found, scope, progress)
    read_all(rendered(texts, scope.values, found) if scope.values else texts, found)
    if scope.runbooks:
        globs = Globs(scope.runbooks, scope.root)
        found.pages = [replace(page, runbook=globs.match(page.file.path)) for page in found.pages]
    return Estate(found, [*seasons(found.calendar), *read_promises(found)])


def validate(
    estate: Estate,
    settings: Settings,
    selection: Selection | None = None,
    progress: Callable[[str], None] = _quiet,
) -> Outcome:
    """Run every rule that is selected, then leave out what is silenced in place."""
    selection = selection or Selection()
    chosen = [rule for rule in rules() if selection.has(rule)]
    seconds: dict[str, float] = {}
    findings: set[Finding] = set()
    for rule in chosen:
        progress(f"{rule.id} {rule.name}")
        begun = time.perf_counter()
        findings.update(_run(rule, estate, settings))
        seconds[rule.id] = time.perf_counter() - begun
    ordered = sorted(findings, key=Finding.order)
    stays, silenced, unused = silence(ordered, ignores(estate.found.files))
    stays += _unused(unused, chosen, settings)
    told = sorted((selection.weigh(finding) for finding in stays), key=Finding.order)
    return Outcome(estate, tuple(told), tuple(silenced), seconds)


def _run(rule: ValidationRule, estate: Estate, settings: Settings) -> Iterable[Finding]:
    """What a rule finds. A rule that breaks is told as a finding: the others still have their say."""
    try:
        with bounded(MOST_SECONDS):
            return list(rule.findings(estate, settings))
    except (Exception, TooLong) as error:
        known = {one.id: one for one in rules()}
        if BROKEN not in known:
            raise
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"
        place = Place(Path(rule.id), 1)
        says = f"The rule {rule.id} ({rule.name}) broke on these files: {type(error).__name__}: {error} ({where})"
        defect = Defect(place, says, f"Report it; until it is mended, use --ignore {rule.id}")
        return [Finding(BROKEN, known[BROKEN].name, known[BROKEN].severity, defect)]


def _unused(comments: Sequence[Ignore], chosen: Sequence[ValidationRule], settings: Settings) -> Iterable[Finding]:
    """A finding for each ignore comment whose rules ran and found nothing there."""
    ran = {rule.id for rule in chosen} | {rule.name for rule in chosen}
    rule = next((rule for rule in chosen if rule.id == UNUSED), None)
    if rule is None:
        return
    for comment in comments:
        needs_database = not settings.database and any(id_.startswith("SQ") for id_ in comment.ids)
        if comment.reason and comment.ids and set(comment.ids) <= ran and not needs_database:
            defect = Defect(
                comment.place,
                f"This silences {', '.join(comment.ids)}, which finds nothing here",
                "Remove the comment: what it was for is mended",
            )
            yield Finding(rule.id, rule.name, min(rule.severity, Severity.WARNING), defect)
