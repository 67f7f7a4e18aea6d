"""RB028: a runbook still has a placeholder where its author meant to write something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule

_LEFT = re.compile(
    r"(?<![\w/.#-])(?:TODO(?![ -](?:[Ll]ist|app|item))|TBD|TBA|FIXME|XXX)(?![\w/-]|\.\w)"
    r"|\b[Ll]orem ipsum\b|^[Tt]o be (?:defined|determined|written|filled in)\W*$|\bfill (?:this |me )?in\b(?=[.\]>)]|$)"
    r"|\bhier (?:noch )?(?:ergänzen|einfügen|ausfüllen|beschreiben)\b|\b(?:wird|werden|muss|müssen) noch (?:ergänzt"
    r"|beschrieben|ausgefüllt)\b"
    r"|\bnoch (?:zu ergänzen|auszufüllen)\b|\bcoming soon\b|\[(?:insert|fill in|describe|hier)\b[^\]]*\](?!\()"
    r"|<(?:insert|fill in|describe) \w[\w '-]*>"
)


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Sentences, items and cells of runbooks, but not the code in them: there TODO may be a name."""
    for page in estate.runbooks:
        for sentence in page.sentences:
            for found in _LEFT.finditer(sentence.text):
                if any(first < found.end() and found.start() < last for first, last in sentence.codes):
                    continue
                yield Defect(
                    sentence.at(*found.span()),
                    f"Here something was meant to be written: '{found[0]}'",
                    "Write it, or remove the line: nobody can ask the author at night",
                )


RULE = ValidationRule("RB028", "placeholder-left", "A runbook still has a placeholder in it.", Severity.WARNING, check)
