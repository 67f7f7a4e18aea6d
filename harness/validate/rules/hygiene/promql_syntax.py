"""RB024: PromQL in a runbook does not parse."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.promises import Command, line_of
from harness.validate.rule import ValidationRule
from harness.validate.shell import filled


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every expression of a `promql` fence; several are told apart by empty lines, or by standing on a line each."""
    for command in estate.all(Command):
        if command.language == "promql":
            for row, text in _expressions(command.text):
                error = _error(text)
                if error:
                    yield Defect(line_of(command, row), f"This is no PromQL: {error}", "Correct the expression")


def _expressions(text: str) -> Iterator[tuple[int, str]]:
    """The blocks between empty lines; a block that does not parse as one may be an expression a line."""
    rows = text.split("\n")
    first = 0
    for row in range(len(rows) + 1):
        if row == len(rows) or not rows[row].strip():
            block = [line for line in rows[first:row] if line.strip() and not line.lstrip().startswith("#")]
            one_a_line = len(block) > 1 and not any(map(_error, block))
            if block and not one_a_line:
                start = next(at for at in range(first, row) if rows[at].strip() and not rows[at].lstrip().startswith("#"))
                yield start, "\n".join(block)
            first = row + 1


def _error(text: str) -> str:
    if "$" in text or "{{" in text or "..." in text or "…" in text or (filled(text) != text and "[" not in text):
        return ""
    try:
        promql_parser.parse(text)
    except ValueError as error:
        return str(error).splitlines()[0]
    return ""


RULE = ValidationRule("RB024", "runbook-promql", "PromQL in a runbook does not parse.", Severity.WARNING, check)
