"""The verdict as a table in the terminal; plain lines where there is none."""

from __future__ import annotations

from pathlib import PurePath

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.expectations.base import Finding, Result
from harness.judge.verdict import OWN_KINDS, Verdict, Whole

STYLES = {Result.PASS: "green", Result.FAIL: "bold red", Result.NO_DATA: "yellow", Result.INVALID: "magenta"}
SENTENCES = {
    Whole.PASS: "The system did what the runbook says.",
    Whole.FAIL: "The system did not do what the runbook says.",
    Whole.INCONCLUSIVE: "Nothing can be said: the harness could not do its part.",
    Whole.STOPPED: "Stopped by a safety rule.",
    Whole.INTERRUPTED: "Interrupted.",
}
_WHOLE_STYLES = {Whole.PASS: "bold green", Whole.FAIL: "bold red", Whole.STOPPED: "bold red"}


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print the findings and what they add up to. Findings about the harness are shown where something is wrong."""
    shown = [one for one in verdict.findings if one.kind not in OWN_KINDS or one.result is not Result.PASS]
    shown += [one for one in verdict.findings if one.kind == "fault" and one.result is Result.PASS]
    if console.is_terminal:
        console.print(_table(shown))
    else:
        for finding in shown:
            console.print(_line(finding), markup=False, highlight=False, soft_wrap=True)
    counts = ", ".join(f"{count} {_word(result)}" for result, count in verdict.counts().items() if count)
    sentence = SENTENCES[verdict.result] + (f" {_sentence(verdict.reason)}" if verdict.reason else "")
    console.print(
        Text(f"{sentence} ({counts or 'nothing checked'})", style=_WHOLE_STYLES.get(verdict.result, "yellow")),
        soft_wrap=True,
    )


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("expectation", no_wrap=True)
    table.add_column("runbook", no_wrap=True, style="dim")
    table.add_column("wanted", ratio=3)
    table.add_column("observed", ratio=4)
    table.add_column("result", no_wrap=True)
    for finding in findings:
        observed = Text(finding.observed)
        for more in (finding.reason, f"allowed: {finding.allowed}" if finding.allowed else ""):
            if more:
                observed.append(f"\n{more}", style="dim")
        result = Text(_word(finding.result), style=STYLES[finding.result])
        table.add_row(Text(_name(finding)), Text(_place(finding)), Text(finding.wanted), observed, result)
    return table


def _line(finding: Finding) -> str:
    parts = [f"{_word(finding.result).upper():8}", _name(finding), _place(finding)]
    parts += [f"wanted: {finding.wanted}", f"observed: {finding.observed}"]
    parts += [finding.reason] if finding.reason else []
    parts += [f"allowed: {finding.allowed}"] if finding.allowed else []
    return " | ".join(parts)


def _name(finding: Finding) -> str:
    return f"{finding.id} {finding.subject}".rstrip()


def _place(finding: Finding) -> str:
    return f"{PurePath(finding.source.path).name}:{finding.source.line}" if finding.source else finding.kind


def _word(result: Result) -> str:
    return result.value.replace("_", " ")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].rstrip(".") + "."
