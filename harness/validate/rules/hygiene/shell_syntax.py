"""RB022: a command of a runbook is no shell that can be parsed."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.promises import Command, line_of
from harness.validate.rule import ValidationRule
from harness.validate.shell import looks_typed, syntax_error


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every shell command by `bash -n`, which parses and runs nothing. Placeholders such as <pod> are filled first."""
    for command in estate.all(Command):
        error = syntax_error(command.text) if command.language == "bash" else None
        if error is not None:
            row, says = error
            yield Defect(
                line_of(command, row),
                f"The shell cannot parse this command: {says}",
                "Correct it so that it can be pasted as it stands; write what is to be filled in as <name>",
                # A fence may show what a command prints as well.
                severity=Severity.WARNING if looks_typed(command.text) else Severity.INFO,
            )


RULE = ValidationRule(
    "RB022", "shell-syntax", "A command of a runbook is no shell that can be parsed.", Severity.WARNING, check
)
