"""RB026: a runbook tells people to change the system, and nowhere says whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.validate.artefacts import MarkdownPage
from harness.validate.changes import changes_something
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.promises import Command
from harness.validate.rule import ValidationRule

_OWNER = re.compile(
    r"\bowne[rd]|\bteam\b|\bresponsib|\bcontact|\bescalat|\bon-?call\b|\bmaintain|\bzuständig|\bverantwortlich"
    r"|\bansprechpartner|\bkontakt|\beskal"
    r"|\bbereitschaft|\brufbereitschaft|\bslack\b|#[a-z][\w-]{2,}|[\w.]+@[\w.]+|\breceiver\b|\bwho\b|\bwer\b|\bpager"
    r"|\bcall the\b|\banrufen",
    re.IGNORECASE,
)


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Pages whose commands change something and on which nobody is named."""
    commands = commands_by_page(estate)
    for page in estate.runbooks:
        changing = next((one for one in commands.get(page.file.path, ()) if changes_something(one)), None)
        if changing is not None and not names(page, _OWNER):
            yield Defect(
                changing.place,
                "This page tells people to change the system, and nowhere says who owns it",
                "Add an owner: a team, a channel, or whom to call when a step does not help",
            )


def commands_by_page(estate: Estate) -> dict[Path, list[Command]]:
    """The commands of each page, in order."""
    found: dict[Path, list[Command]] = {}
    for command in estate.all(Command):
        found.setdefault(command.place.path, []).append(command)
    return found


def names(page: MarkdownPage, what: re.Pattern[str]) -> bool:
    """Whether the page, in its prose, its headings or its front matter, says any of these words."""
    front = page.front
    keys = " ".join(key.text for key, _ in front.items()) if front is not None else ""
    return what.search(keys) is not None or any(what.search(one.text) for one in page.sentences)


RULE = ValidationRule(
    "RB026", "no-owner", "A runbook changes the system and does not say who owns it.", Severity.INFO, check
)
