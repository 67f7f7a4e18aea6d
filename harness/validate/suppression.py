"""Findings that people have looked at and want to keep: `rehearse: ignore SC004 because …` in a comment beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.validate.finding import Finding
from harness.validate.text import Place, TextFile

_MARK = re.compile(
    r"(?P<open>\#|--|<!--)\s*rehearse:\s*ignore\b[ \t]*(?P<rest>.*?)[ \t]*(?P<close>-->|$)", re.IGNORECASE | re.MULTILINE
)
_BECAUSE = re.compile(r"\b(?:because|weil)\b[:,]?", re.IGNORECASE)
_IDS = re.compile(r"[\w,\s-]*")
_LIST_ITEM = re.compile(r"-(\s|$)")
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)\s*(.*)")
_DOLLAR = re.compile(r"\$\w*\$")


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that silences rules between two lines of its file, `first` and `last` included.

    `ids`: as written, in order; `reason`: '' where none is given, and then nothing is silenced.
    """

    place: Place
    ids: tuple[str, ...]
    reason: str
    first: int
    last: int

    def covers(self, finding: Finding) -> bool:
        """Whether it silences this finding."""
        place = finding.place
        named = finding.rule in self.ids or finding.name in self.ids
        return bool(self.reason) and named and place.path == self.place.path and self.first <= place.line <= self.last


def ignores(files: Iterable[TextFile]) -> list[Ignore]:
    """Every such comment in these texts, in order."""
    return [found for file in files if "rehearse:" in file.text.lower() for found in _in_file(file)]


def silence(findings: Sequence[Finding], comments: Sequence[Ignore]) -> tuple[list[Finding], list[Finding], list[Ignore]]:
    """(what stays, what is silenced, the comments that silence nothing)."""
    by_path: dict[object, list[Ignore]] = {}
    for comment in comments:
        by_path.setdefault(comment.place.path, []).append(comment)
    stays: list[Finding] = []
    silenced: list[Finding] = []
    used: set[int] = set()
    for finding in findings:
        covering = [comment for comment in by_path.get(finding.place.path, ()) if comment.covers(finding)]
        used.update(map(id, covering))
        (silenced if covering else stays).append(finding)
    return stays, silenced, [comment for comment in comments if id(comment) not in used]


def _in_file(file: TextFile) -> Iterator[Ignore]:
    markdown = file.path.suffix.lower() in (".md", ".markdown", ".mdx")
    fences = _fences(file.lines) if markdown else []
    for match in _MARK.finditer(file.text):
        place = file.place(match.start(), match.end())
        row = place.line - 1
        fence = next((info for start, end, info in fences if start < row < end), None)
        if markdown and ((match["open"] == "<!--") != (fence is None) or (fence or "expect").find("expect") < 0):
            continue  # an example of a comment in a page, not a comment
        before = file.lines[row][: place.column - 1]
        if markdown and before.count("`") % 2:
            continue
        first, last = _span(file, row, match["open"], before.strip())
        named, *reason = _BECAUSE.split(match["rest"], maxsplit=1)
        ids = re.split(r"[,\s]+", (_IDS.match(named) or [""])[0].strip(" -,"))
        yield Ignore(place, tuple(filter(None, ids)), "".join(reason).strip(" .…"), first + 1, last + 1)


def _span(file: TextFile, row: int, opened: str, before: str) -> tuple[int, int]:
    """First and last row that a comment covers: its own line, or what follows when it stands alone."""
    lines = file.lines
    if before:
        return row, row
    start = row + 1
    while start < len(lines) and (not lines[start].strip() or _MARK.match(lines[start].strip())):
        start += 1
    if opened == "#":
        while start < len(lines) and lines[start].lstrip().startswith("#"):
            start += 1
        return row, _yaml_end(lines, start)
    return row, _sql_end(lines, start) if opened == "--" else _block_end(lines, start)


def _yaml_end(lines: Sequence[str], start: int) -> int:
    """The last row of what begins at `start`: a document at its first line, a list's item, or a key with its value."""
    if start >= len(lines):
        return start
    before = [line for line in lines[:start] if line.strip() and not line.lstrip().startswith("#")]
    whole = not before or before[-1].startswith("---") or lines[start].startswith("---")
    indent = len(lines[start]) - len(lines[start].lstrip())
    item = bool(_LIST_ITEM.match(lines[start].lstrip()))
    opens = lines[start].split(" #")[0].rstrip().endswith(":")
    end = start
    for row in range(start + 1, len(lines)):
        line = lines[row]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        depth = len(line) - len(line.lstrip())
        if line.startswith("---"):
            break
        listed = opens and not item and depth == indent and _LIST_ITEM.match(line.lstrip())
        if not whole and depth <= indent and not listed:
            break
        end = row
    return end


def _sql_end(lines: Sequence[str], start: int) -> int:
    """The last row of the statement that begins at `start`: the next `;` at a line's end outside of $$ … $$."""
    quoted = False
    for row in range(start, len(lines)):
        code = lines[row].split("--")[0].rstrip()
        if len(_DOLLAR.findall(code)) % 2:
            quoted = not quoted
        if not quoted and code.endswith(";"):
            return row
    return max(start, len(lines) - 1)


def _block_end(lines: Sequence[str], start: int) -> int:
    """The last row of the Markdown block that begins at `start`."""
    if start >= len(lines):
        return start
    for first, last, _ in _fences(lines):
        if first == start:
            return last
    end = start
    while end + 1 < len(lines) and lines[end + 1].strip():
        end += 1
    return end


def _fences(lines: Sequence[str]) -> list[tuple[int, int, str]]:
    """First and last row, and info string, of the fenced blocks."""
    found, opened = [], None
    for row, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is None:
            continue
        if opened is None:
            opened = (row, match[1], match[2].strip())
        elif match[1].startswith(opened[1]) and not match[2].strip():
            found.append((opened[0], row, opened[2]))
            opened = None
    if opened is not None:
        found.append((opened[0], len(lines), opened[2]))
    return found
