"""The HTML report: one file that needs no network: verdict on top, one time axis, the runbook it was judged by."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin
from plotly.offline import get_plotlyjs

from harness.expectations.base import Result
from harness.judge.verdict import Verdict
from harness.plan.model import Plan
from harness.record.reader import RecordReader
from harness.record.rows import Note
from harness.report.chart import figure
from harness.report.series import axis

FILE_NAME = "report.html"
HEADLINES = {
    0: ("pass", "The system did what the runbook says."),
    1: ("fail", "The system did not do what the runbook says."),
    3: ("invalid", "Nothing can be said: the harness could not do its part."),
    4: ("fail", "Stopped by a safety rule."),
    130: ("no_data", "Interrupted; everything was put back."),
}
_WORST_FIRST = (Result.FAIL, Result.NO_DATA, Result.INVALID, Result.PASS)


def write_report(run: Path, verdict: Verdict) -> Path:
    """Write `report.html` into the run's folder from verdict and record. Returns its path."""
    with RecordReader(run) as record:
        text = page(record, verdict)
    path = run / FILE_NAME
    path.write_text(text, encoding="utf-8")
    return path


def page(record: RecordReader, verdict: Verdict) -> str:
    """The report as text."""
    plan = Plan.model_validate(record.meta("plan"))
    drawn = figure(axis(record), verdict.findings, _scale_targets(plan))
    tone, headline = HEADLINES.get(int(verdict.exit_code), ("invalid", str(verdict.result)))
    counted = Counter(finding.result for finding in verdict.findings)
    runbook = record.meta("runbook")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            verdict=verdict,
            tone=tone,
            headline=headline,
            counts=", ".join(f"{counted[one]} {one.replace('_', ' ')}" for one in _WORST_FIRST if counted[one])
            or "no expectation",
            started=_clock(verdict.started, "%Y-%m-%d %H:%M:%S UTC"),
            ended=_clock(verdict.ended),
            findings=sorted(verdict.findings, key=lambda one: (_WORST_FIRST.index(one.result), one.kind == "observer")),
            notes=list(record.rows(Note)),
            constants=plan.constants,
            runbook=_markdown(runbook["text"]) if runbook else "",
            facts=_facts(record, plan, verdict),
            figure=drawn.to_json().replace("</", "<\\/"),
            plotly=get_plotlyjs(),
        )
    )


def _scale_targets(plan: Plan) -> dict[str, tuple[str, float]]:
    """Expectation id -> the workload it speaks of and the replicas it wants, for those that speak of replicas."""
    found = {}
    for one in plan.expectations:
        replicas = one.spec.get("at_least") if one.spec.get("at_least") is not None else one.spec.get("at_most")
        if one.kind == "scale" and replicas is not None:
            found[one.id] = (str(one.spec["workload"]), float(replicas))
    return found


def _facts(record: RecordReader, plan: Plan, verdict: Verdict) -> list[tuple[str, str]]:
    facts = [("run", verdict.run), ("rehearsal", plan.path), ("runbook", plan.runbook), ("season", plan.season)]
    for key in ("versions", "host"):
        facts += [(str(name), str(value)) for name, value in (record.meta(key) or {}).items()]
    return facts


def _markdown(text: str) -> str:
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table")
    renderer.use(anchors_plugin, min_level=1, max_level=6)
    return str(renderer.render(text))


def _clock(at: float, pattern: str = "%H:%M:%S") -> str:
    return datetime.fromtimestamp(at, UTC).strftime(pattern)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Any] = {
        "basename": lambda path: PurePath(path).name,
        "clock": _clock,
        "seconds": lambda value: f"{value:g} s",
    }
    environment.filters.update(filters)
    return environment
