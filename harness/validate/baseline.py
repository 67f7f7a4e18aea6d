"""The findings that were there when a repository began: known, not told again, told when they are mended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import BadInput, Position, Problem
from harness.source import read_text
from harness.validate.finding import Defect, Finding, Severity
from harness.validate.rule import ValidationRule
from harness.validate.text import Place

VERSION = 1
SETTLED = "IN005"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The file, and what it holds: fingerprint -> (rule, path, says)."""

    path: Path
    entries: Mapping[str, tuple[str, str, str]]

    def split(self, findings: Sequence[Finding], prints: Mapping[Finding, str]) -> tuple[list[Finding], list[Finding]]:
        """(new findings, known findings)."""
        new = [finding for finding in findings if prints[finding] not in self.entries]
        return new, [finding for finding in findings if prints[finding] in self.entries]

    def settled(self, known: Sequence[str], rules: Sequence[ValidationRule], read: frozenset[str]) -> list[Finding]:
        """A finding for each entry that is mended. Entries of rules that did not run, and of files that were not read but
        are still there, are left alone: nothing is known of them.
        """
        ran = {rule.id: rule for rule in rules}
        if SETTLED not in ran:
            return []
        rule, found = ran[SETTLED], []
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []
        for print_, (id_, path, says) in sorted(self.entries.items()):
            if print_ in known or id_ not in ran or (path not in read and Path(path).exists()):
                continue
            line = next((number for number, text in enumerate(lines, 1) if print_ in text), 1)
            defect = Defect(
                Place(self.path, line),
                f"{id_} in {path} is mended ({says})",
                "Write the baseline again with --write-baseline, so that it is told should it come back",
            )
            found.append(Finding(rule.id, rule.name, min(rule.severity, Severity.INFO), defect))
        return found


def read_baseline(path: Path) -> Baseline:
    """Raises BadInput where it is missing or is none."""
    text = read_text(path)
    try:
        value = json.loads(text)
        version, listed = value["version"], value["findings"]
        entries = {one["fingerprint"]: (one["rule"], one["path"], one["says"]) for one in listed}
    except json.JSONDecodeError as error:
        raise BadInput([Problem(f"This baseline is not valid JSON: {error.msg}", Position(path, error.lineno))]) from None
    except (KeyError, TypeError):
        raise BadInput([Problem("This is no baseline; write one with --write-baseline", Position(path, 1))]) from None
    if version != VERSION:
        raise BadInput([Problem(f"Expected version {VERSION} of the baseline, got {version!r}", Position(path, 1))])
    return Baseline(path, entries)


def baseline_text(findings: Sequence[Finding], prints: Mapping[Finding, str]) -> str:
    """What to write: sorted, one finding per line, so that merges stay small."""
    rows: list[dict[str, Any]] = [
        {
            "path": finding.place.path.as_posix(),
            "rule": finding.rule,
            "fingerprint": prints[finding],
            "says": finding.defect.says,
        }
        for finding in findings
        if finding.rule != SETTLED
    ]
    rows.sort(key=lambda row: (row["path"], row["rule"], row["fingerprint"]))
    body = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{{\n "version": {VERSION},\n "findings": [\n{body}\n ]\n}}\n'
