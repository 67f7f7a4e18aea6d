"""What makes a finding the same tomorrow: its rule, its file and the text of its line, but not the line's number."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.validate.finding import Finding
from harness.validate.text import Place, TextFile


class Sources:
    """The texts that were read, by path, to show the lines that findings point at."""

    def __init__(self, files: Sequence[TextFile]) -> None:
        self._files: Mapping[Path, TextFile] = {file.path: file for file in files}

    def line(self, place: Place) -> str | None:
        """The line of a place without its end; None where the file was not read as text."""
        file = self._files.get(place.path)
        if file is None or not 1 <= place.line <= len(file.lines):
            return None
        return file.lines[place.line - 1]


def fingerprints(findings: Sequence[Finding], sources: Sources) -> dict[Finding, str]:
    """A fingerprint for each finding: 16 hexadecimal digits that stay as lines move. Alike findings are counted through."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = {}
    for finding in findings:
        line = " ".join((sources.line(finding.place) or "").split())
        key = (finding.rule, finding.place.path.as_posix(), line)
        found[finding] = hashlib.sha256("\0".join((*key, str(seen[key]))).encode()).hexdigest()[:16]
        seen[key] += 1
    return found
