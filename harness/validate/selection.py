"""Which rules run, and how bad a project holds their findings to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.errors import BadInput
from harness.validate.estate import did_you_mean
from harness.validate.finding import Finding, Severity
from harness.validate.rule import ValidationRule


@dataclass(frozen=True, slots=True)
class Selection:
    """`select`, `ignore`: ids (SC004), families (SC) or names (cron-above-max); without `select` every rule runs.

    `severities`: by id, family or name. It replaces what the rule says, also upwards; an id counts more than a family.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def has(self, rule: ValidationRule) -> bool:
        """Whether a rule runs."""
        names = _names(rule.id, rule.name)
        return (not self.select or any(name in self.select for name in names)) and not any(
            name in self.ignore for name in names
        )

    def weigh(self, finding: Finding) -> Finding:
        """A finding with the severity of this project."""
        for name in _names(finding.rule, finding.name):
            if name in self.severities:
                return replace(finding, severity=self.severities[name])
        return finding

    def check(self, rules: Iterable[ValidationRule]) -> None:
        """Raises BadInput where a name fits no rule."""
        known = {name for rule in rules for name in _names(rule.id, rule.name)}
        for name in (*self.select, *self.ignore, *self.severities):
            if name not in known:
                raise BadInput(f"There is no rule or family '{name}'{did_you_mean(name, sorted(known)) or '.'}")


def _names(id_: str, name: str) -> tuple[str, str, str]:
    return (id_, name, id_.rstrip("0123456789"))
