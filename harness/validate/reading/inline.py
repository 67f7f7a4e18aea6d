"""Inline Markdown -> plain text of which every character knows where it stands in the file; and its sentences."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it.token import Token

from harness.validate.artefacts import Link
from harness.validate.text import Place, TextFile

_NEVER = (
    r"(?:e\.\s?g|i\.\s?e|z\.\s?B|d\.\s?h|u\.\s?a|o\.\s?Ä|ca|bzw|Nr|vgl|ggf|evtl|vs|approx|zzgl|inkl|exkl|mind|"
    r"[A-Za-zÄÖÜ]|Jan|Feb|Mrz|Mär|Apr|Jun|Jul|Aug|Sep|Sept|Okt|Oct|Nov|Dez|Dec|\d)\."
)
_END = re.compile(r"[.!?][)\]\"'“”»]?(?=\s+\S)")
_ABBREVIATED = re.compile(rf"(?:^|[\s(]){_NEVER}$|\d\.$")
_COUNTED = re.compile(
    r"\s*\d[\d.,]*\s?(?:%|Prozent\b|percent\b|ms\b|s\b|min\b|(?:Sekunden?|Minuten?|Stunden?|seconds?|minutes?|hours?)\b"
    r"|(?:pods?|replicas?|Replikas|Instanzen|instances)\b)",
    re.IGNORECASE,
)
"""A number with its unit: what begins so goes on with no date."""
_OPENINGS = re.compile(
    r"\s*(?:The|This|If|In|A|An|It|We|When|Der|Die|Das|Wenn|Ist|Es|Wir|Bei|Danach|Then|After|Nach|Außerhalb|Outside|During"
    r"|Während|Alle|Every|Each|Sobald|Once|Sonst|Otherwise|Mehr|More|Spätestens|Im|Am|Zu)\b"
)
_PLACEHOLDER = re.compile(r"<(?:insert|fill in|describe) \w[\w '-]*>", re.IGNORECASE)
"""What Markdown takes for HTML, and its author did not."""
ANCHOR = re.compile(r"<[a-zA-Z][^<>]*?\s(?:id|name)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")


@dataclass(slots=True)
class Line:
    """An inline token's plain text. `runs`: (offset in `text`, offset in the file), in order; `codes`: spans of code."""

    file: TextFile
    text: str = ""
    runs: list[tuple[int, int]] = field(default_factory=list)
    codes: list[tuple[int, int]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    end: int = 0

    def place(self, start: int, end: int) -> Place:
        """The stretch of the file for a stretch of the plain text."""
        return stretch(self.file, self.runs, start, end)


def stretch(file: TextFile, runs: list[tuple[int, int]] | tuple[tuple[int, int], ...], start: int, end: int) -> Place:
    """The place of `text[start:end]`, where `runs` say where the text's pieces stand in the file."""
    return file.place(_offset(runs, start), _offset(runs, max(end - 1, start)) + 1)


def _offset(runs: list[tuple[int, int]] | tuple[tuple[int, int], ...], at: int) -> int:
    if not runs:
        return 0
    plain, source = runs[max(bisect_right(runs, (at, 1 << 60)) - 1, 0)]
    return source + at - plain


def read_inline(token: Token, file: TextFile, start: int, end: int) -> Line:
    """An inline token that stands between two offsets of the file. Struck out text and HTML are left out."""
    line = Line(file, end=start)
    struck = 0
    open_links: list[tuple[str, int, int]] = []
    for child in token.children or ():
        if child.type == "s_open":
            struck += 1
        elif child.type == "s_close":
            struck -= 1
        elif child.type in ("softbreak", "hardbreak"):
            _append(line, " ", file.text.find("\n", line.end, end), 1)
        elif child.type == "link_open":
            open_links.append((str(child.attrGet("href") or ""), len(line.text), line.end))
        elif child.type == "link_close" and open_links:
            target, since, source = open_links.pop()
            at = file.text.find(target, source, end) if target else -1
            place = file.place(at, at + len(target)) if at >= 0 else line.place(since, len(line.text))
            line.links.append(Link(target, line.text[since:], place))
            line.end = max(line.end, at + len(target))
        elif child.type == "image":
            target = str(child.attrGet("src") or "")
            at = file.text.find(target, line.end, end) if target else -1
            place = file.place(at, at + len(target)) if at >= 0 else file.place(line.end, line.end + 1)
            line.links.append(Link(target, child.content, place))
            line.end = max(line.end, at + len(target))
        elif child.type == "html_inline":
            line.anchors += anchors_in(child.content)
            at = file.text.find(child.content, line.end, end)
            if _PLACEHOLDER.fullmatch(child.content) and not struck:
                _append(line, child.content, at, len(child.content))
            line.end = max(line.end, at + len(child.content))
        elif child.content and not struck:
            at = file.text.find(child.content, line.end, end)
            if child.type == "code_inline":
                line.codes.append((len(line.text), len(line.text) + len(child.content)))
            _append(line, child.content, at, len(child.content))
    return line


def anchors_in(html: str) -> list[str]:
    """What `id=` and `name=` of HTML tags say; comments count for nothing."""
    return [one or two or three for one, two, three in ANCHOR.findall(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))]


def sentences(line: Line) -> Iterator[tuple[int, int]]:
    """The stretches of `line.text` that are sentences. Stops in abbreviations, dates and code end none."""
    start = 0
    for found in _END.finditer(line.text):
        at = found.start()
        if any(first <= at < last for first, last in line.codes):
            continue
        follows = line.text[found.end() :].lstrip()[:1]
        following_code = any(first == found.end() + 1 for first, _ in line.codes)
        if line.text[at] == "." and _goes_on(line.text[start : at + 1], line.text[found.end() :], following_code):
            continue
        if not follows.islower() or following_code:
            yield from _stripped(line.text, start, found.end())
            start = found.end()
    yield from _stripped(line.text, start, len(line.text))


def _goes_on(before: str, after: str, code: bool) -> bool:
    """Whether a full stop between two texts is one of an abbreviation, an ordinal or a date."""
    ends = _ABBREVIATED.search(before[-13:])
    if ends is None:
        return False
    if not before[-2:-1].isdigit():
        return True
    # `statt 2. 95 % der ...` and `statt 2. `shop` hat ...` end a sentence, `am 1. 9. 2026` and `15. Oktober` do not.
    if re.search(r"[^\W\d_]", before) and (code or _COUNTED.match(after) or _OPENINGS.match(after)):
        return False
    return not (ends[0][0].isdigit() and after.lstrip()[:1].isupper() and not _names_month(after))


def _names_month(after: str) -> bool:
    """Whether what follows `15.` goes on with it: a month, or another noun that an ordinal counts."""
    return re.match(r"\s*[A-ZÄÖÜ][a-zäöü]", after) is not None and not _OPENINGS.match(after)


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))


def _append(line: Line, text: str, at: int, length: int) -> None:
    if at < 0:
        at = line.end
    else:
        line.end = at + length
    line.runs.append((len(line.text), at))
    line.text += text
