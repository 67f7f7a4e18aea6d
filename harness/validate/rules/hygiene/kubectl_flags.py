"""RB023: a runbook says `kubectl` with a command or a flag that kubectl does not have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.kubectl import misuse
from harness.validate.promises import Command, line_of
from harness.validate.rule import ValidationRule
from harness.validate.shell import simple_commands

_BEFORE = frozenset({"sudo", "watch", "time", "timeout", "then", "do", "else", "!", "exec", "xargs"})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every kubectl command against the commands and flags of kubectl 1.27 to 1.37. Unknown verbs may be plug-ins."""
    for command in estate.all(Command):
        if command.language != "bash" or "kubectl" not in command.text:
            continue
        for simple in simple_commands(command.text):
            words = simple.words
            if words[0] in _BEFORE or "=" in words[0]:
                words = words[words.index("kubectl") :] if "kubectl" in words else ()
            wrong = misuse(words) if words[:1] == ("kubectl",) else None
            if wrong is not None:
                yield Defect(line_of(command, simple.row, wrong.word), wrong.says, wrong.mend)


RULE = ValidationRule(
    "RB023", "kubectl-flags", "A runbook uses a command or a flag that kubectl does not have.", Severity.WARNING, check
)
