"""A validation rule: one small file with a `RULE`, one page docs/rules/ID.md whose examples are its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Finding, Severity

Check = Callable[[Estate, Settings], Iterable[Defect]]


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """A rule. `id`: stable, never used again; `name`: words-with-hyphens; `says`: what it finds."""

    id: str
    name: str
    says: str
    severity: Severity
    check: Check

    def findings(self, estate: Estate, settings: Settings) -> Iterable[Finding]:
        """What the check yields, with the severity that its confidence allows."""
        for defect in self.check(estate, settings):
            wanted = self.severity if defect.severity is None else min(defect.severity, self.severity)
            yield Finding(self.id, self.name, min(wanted, defect.confidence.most()), defect)
