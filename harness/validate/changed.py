"""Which lines a change touches, by git; and which findings that makes its own."""

from __future__ import annotations

import re
import subprocess
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harness.errors import BadInput
from harness.validate.estate import Estate
from harness.validate.finding import Finding
from harness.validate.text import Place

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Change:
    """Lines by absolute path; an empty set where the whole file is new."""

    lines: Mapping[Path, frozenset[int]]

    def touches(self, finding: Finding, spans: Mapping[Path, list[tuple[int, int]]]) -> bool:
        """Whether a finding, or the other place of its contradiction, lies in an object, rule or section that changed."""
        places = (finding.place, *(one.place for one in finding.defect.related))
        return any(self._touches(place, spans) for place in places)

    def _touches(self, place: Place, spans: Mapping[Path, list[tuple[int, int]]]) -> bool:
        if place.on_disk is not place:
            chart = next((one for one in place.path.absolute().parents if (one / "Chart.yaml").is_file()), None)
            return chart is not None and any(chart in path.parents for path in self.lines)
        lines = self.lines.get(place.path.absolute())
        if lines is None:
            return False
        if not lines or place.line in lines:
            return True
        around = [span for span in spans.get(place.path, ()) if span[0] <= place.line <= span[1]]
        if not around:
            return False
        first, last = min(around, key=lambda span: span[1] - span[0])
        return any(first <= line <= last for line in lines)


def change_since(reference: str, folder: Path) -> Change:
    """What differs from a commit, a branch or a tag: committed, staged, not staged, and files git does not know.

    Compared with the merge base, so that what others did meanwhile does not count. Raises BadInput where git has no answer.
    """
    top = Path(_git(["rev-parse", "--show-toplevel"], folder, "This is no git repository").strip())
    if reference.startswith("-"):
        raise BadInput(f"Expected a commit after --changed-since, got '{reference}'.")
    _git(["rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}"], folder, f"git knows no commit '{reference}'")
    base = _git(["merge-base", reference, "HEAD"], folder, f"'{reference}' and HEAD have nothing in common").strip()
    diff = _git(
        ["diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/", base],
        top,
        "git cannot compare",
    )
    lines: dict[Path, set[int]] = {}
    current: set[int] = set()
    for line in diff.splitlines():
        if line.startswith("+++ "):
            name = line[4:].strip().strip('"')
            current = lines.setdefault(top / name.removeprefix("b/"), set()) if name != "/dev/null" else set()
        elif match := _HUNK.match(line):
            first, count = int(match[1]), int(match[2] or 1)
            current.update(range(first, first + count) if count else (first, first + 1))
    new = _git(["ls-files", "-z", "--others", "--exclude-standard"], top, "git cannot list files").split("\0")
    whole = {top / name: frozenset[int]() for name in new if name}
    return Change({**{path: frozenset(touched) for path, touched in lines.items() if touched}, **whole})


def spans(estate: Estate) -> dict[Path, list[tuple[int, int]]]:
    """First and last line of what a change belongs to: objects, rules, the sections of pages."""
    found: dict[Path, list[tuple[int, int]]] = {}
    for node in [one.node for one in estate.found.things] + [one.node for one in estate.found.rules]:
        raw, file = node.raw, node.file
        first = file.first_line + raw.start_mark.line
        end = file.first_line + raw.end_mark.line - (1 if raw.end_mark.column == 0 else 0)
        found.setdefault(file.path, []).append((first, max(first, end)))
    for page in estate.found.pages:
        starts = [heading.place.line for heading in page.headings]
        ends = [*(start - 1 for start in starts[1:]), max(len(page.file.lines), 1)]
        found.setdefault(page.file.path, []).extend(zip(starts, ends, strict=True))
    for sql in estate.found.sql:
        found.setdefault(sql.file.path, []).extend(_paragraphs(sql.file.lines))
    return found


def _paragraphs(lines: list[str]) -> list[tuple[int, int]]:
    blanks = [0, *(number for number, line in enumerate(lines, 1) if not line.strip()), len(lines) + 1]
    return [
        (blanks[bisect_right(blanks, first) - 1] + 1, after - 1) for first, after in pairwise(blanks) if after - first > 1
    ]


def _git(arguments: list[str], folder: Path, says: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotePath=false", *arguments], cwd=folder, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadInput(f"--changed-since needs git, which does not answer: {error}.") from None
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BadInput(f"{says}{f' ({why[-1]})' if why else ''}; give a commit, a branch or a tag that is here.")
    return done.stdout.decode("utf-8", "surrogateescape")
