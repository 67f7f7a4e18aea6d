"""AL020: an alert has no link to a runbook although others have one, or although a page describes it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Heading, MarkdownPage, Rule
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promql import normalised
from harness.validate.rule import ValidationRule
from harness.validate.runbooklinks import link

_MANY = 5
"""So many alerts of a file have to have a link, and four of five, before one without is more than a note."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """File by file; where no alert of anybody has a link, one note for all."""
    sections = {heading.text.strip("` "): (page, heading) for page in estate.runbooks for heading in page.headings}
    files: dict[object, list[Rule]] = {}
    for rule in estate.alerts:
        if not _is_heartbeat(rule):
            files.setdefault(rule.place.path, []).append(rule)
    linked = {id(rule) for rules in files.values() for rule in rules if link(rule) is not None}
    for rules in files.values():
        have = sum(id(rule) in linked for rule in rules)
        for rule in rules:
            if id(rule) not in linked and (have or rule.alert in sections):
                yield _without(rule, have, len(rules), sections.get(rule.alert))
    everybody = [rule for rules in files.values() for rule in rules]
    if everybody and not linked and not any(rule.alert in sections for rule in everybody):
        yield Defect(
            everybody[0].place,
            f"None of the {len(everybody)} alerts here links to a runbook",
            "Add the annotation runbook_url, so that whoever is called knows what to do",
            confidence=Confidence.GUESS,
        )


def _without(rule: Rule, have: int, of: int, section: tuple[MarkdownPage, Heading] | None) -> Defect:
    if section is not None:
        page, heading = section
        return Defect(
            rule.place,
            f"{rule.alert} has no link to a runbook, although {page.file.path.name} has a section for it",
            f"Add runbook_url: {page.file.path.as_posix()}#{heading.anchors.get('github', '')}",
            (Related(heading.place, "its section"),),
        )
    return Defect(
        rule.place,
        f"{rule.alert} has no link to a runbook; {have} of the {of} alerts of this file have one",
        "Add the annotation that the others have",
        severity=None if have >= _MANY and (of - have) * 5 <= of else Severity.INFO,
    )


def _is_heartbeat(rule: Rule) -> bool:
    """Alerts that are for machines: the dead man's switch, and those that only hold back others."""
    return normalised(rule.expr).startswith("vector(") or rule.labels.get("severity") == "none"


RULE = ValidationRule("AL020", "no-runbook", "An alert has no link to a runbook.", Severity.WARNING, check)
