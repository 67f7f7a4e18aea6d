"""Paths -> estate -> findings, in an order that does not depend on anything but what is in the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.validate.artefacts import Found
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Finding
from harness.validate.reading.files import read_files
from harness.validate.reading.recognise import read_all
from harness.validate.registry import rules


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What `rehearse validate` has to tell."""

    estate: Estate
    findings: tuple[Finding, ...]


def read(paths: Sequence[Path]) -> Estate:
    """Everything below these paths. Raises BadInput where one does not exist."""
    found = Found()
    read_all(read_files(paths, found), found)
    return Estate(found)


def validate(estate: Estate, settings: Settings) -> Outcome:
    """Run every rule."""
    findings = {finding for rule in rules() for finding in rule.findings(estate, settings)}
    return Outcome(estate, tuple(sorted(findings, key=Finding.order)))
