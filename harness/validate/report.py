"""What one `rehearse validate` found, as the formats write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.validate.artefacts import Skipped
from harness.validate.coverage import Table
from harness.validate.estate import Estate
from harness.validate.finding import Finding, Severity
from harness.validate.fingerprint import Sources
from harness.validate.rule import ValidationRule


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """`findings`: those to tell; `silenced`: by a comment; `known`: by the baseline; `elsewhere`: past what changed.

    `fingerprints`: of all of `findings`. `rules`: those that ran. `understood`: whether to tell what was read out of prose.
    `extra`: sections that options asked for, by title. `coverage`: where it was asked for. `seconds`: how long it took.
    """

    estate: Estate
    findings: Sequence[Finding]
    fingerprints: Mapping[Finding, str]
    sources: Sources
    rules: Sequence[ValidationRule]
    fail_on: Severity = Severity.ERROR
    silenced: Sequence[Finding] = ()
    known: Sequence[Finding] = ()
    elsewhere: int = 0
    understood: bool = False
    notes: Sequence[str] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    coverage: Table | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether a finding is as bad as `fail_on`, or worse."""
        return any(finding.severity >= self.fail_on for finding in self.findings)

    @property
    def skipped(self) -> Sequence[Skipped]:
        """What was not looked at, in order of place."""
        return sorted(self.estate.found.skipped, key=lambda one: (one.place, one.why))

    def counts(self) -> dict[Severity, int]:
        """How many findings of each severity, the worst first."""
        counted = Counter(finding.severity for finding in self.findings)
        return {severity: counted[severity] for severity in sorted(Severity, reverse=True)}

    def summary(self) -> str:
        """The last line: "2 errors, 1 warning in 37 files"."""
        said = [count_of(number, str(severity)) for severity, number in self.counts().items() if number]
        files = count_of(len(self.estate.found.files), "file")
        line = f"{', '.join(said) or 'Nothing found'} in {files} by {count_of(len(self.rules), 'rule')}"
        aside = [
            f"{len(self.silenced)} silenced in place" if self.silenced else "",
            f"{len(self.known)} in the baseline" if self.known else "",
            f"{self.elsewhere} outside of the change" if self.elsewhere else "",
        ]
        return line + "".join(f", {one}" for one in aside if one)


def count_of(number: int, noun: str) -> str:
    """`1 error`, `2 errors`; `info` has no plural."""
    return f"{number} {noun}{'' if number == 1 or noun == 'info' else 's'}"
