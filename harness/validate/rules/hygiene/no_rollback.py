"""RB027: a runbook tells people to change the system, and nowhere says how to take that back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.changes import changes_something
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.rules.hygiene.no_owner import commands_by_page, names

_UNDO = re.compile(
    r"roll(?:ed|s|ing)?[ -]?back|\bundo|\brevert|\brestore|\bback ?out|\bzurück|\brückgängig|\brücknahme|\bwiederherst"
    r"|\bfallback|\bafterwards\b|\bdanach wieder"
    r"|\btake (?:it|that|them) back|\bwieder auf\b|\bscale (?:it )?(?:back|down)|\bremove the\b|\bentferne",
    re.IGNORECASE,
)


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Pages whose commands change something and which never speak of the way back."""
    by_page = commands_by_page(estate)
    for page in estate.runbooks:
        commands = by_page.get(page.file.path, [])
        changing = next((one for one in commands if changes_something(one)), None)
        if changing is None or names(page, _UNDO) or any(_UNDO.search(one.text) for one in commands):
            continue
        yield Defect(
            changing.place,
            "This page tells people to change the system, and nowhere says how to take it back",
            "Add the way back: the command that restores what was, and when to use it",
        )


RULE = ValidationRule(
    "RB027", "no-rollback", "A runbook changes the system and does not say how to take it back.", Severity.INFO, check
)
