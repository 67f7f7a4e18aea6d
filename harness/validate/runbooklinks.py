"""Links from alerts to pages: what an alert links, and which of the pages that were read it means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from harness.validate.artefacts import MarkdownPage, Rule
from harness.validate.yamltree import Node

KEYS = (
    "runbook_url", "runbook", "runbookUrl", "runbookURL", "runbook_link", "runbook-url", "playbook", "playbook_url", "sop",
    "sop_url",
)  # fmt: skip
"""Annotations (or labels) in use for the page of an alert."""

_HOSTED = re.compile(r"^/(?P<repo>[^/]+/[^/]+)/(?:-/)?(?:blob|tree|raw|src/branch)/(?P<ref>[^/]+)/(?P<path>.+)$")
_MARKDOWN = re.compile(r"\.(?:md|markdown|mdx|mkd)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RunbookLink:
    """A link as written. `path`: parts of the path to the page; `anchor`; `hosted`: the repository of a code host, or ''.

    `relative`: without a host. `style`: whose anchors count, github or mkdocs.
    """

    node: Node
    path: tuple[str, ...]
    anchor: str
    relative: bool
    hosted: str = ""

    @property
    def style(self) -> str:
        """GitHub's anchors on a code host, MkDocs' on a site, any for a path."""
        return "" if self.relative else "github" if self.hosted else "mkdocs"

    @property
    def is_file(self) -> bool:
        """Whether it names a Markdown file."""
        return bool(self.path and _MARKDOWN.search(self.path[-1]))


def link(rule: Rule) -> Node | None:
    """The node of an alert's link to its page, or None."""
    for where in ("annotations", "labels"):
        for key in KEYS:
            node = rule.node.get(where, key)
            if node is not None and node.text.strip():
                return node
    return None


def read_link(node: Node) -> RunbookLink | None:
    """What a link says; None for templates and for text that is no link."""
    text = node.text.strip()
    if "{{" in text or " " in text or not text:
        return None
    url = urlsplit(text)
    if url.scheme not in ("", "http", "https"):
        return None
    relative = not url.scheme and not url.netloc
    hosted = _HOSTED.match(url.path) if not relative else None
    path = hosted["path"] if hosted else url.path
    parts = tuple(part for part in unquote(path).split("/") if part not in ("", "."))
    if relative and not parts and not url.fragment:
        return None
    return RunbookLink(node, parts, unquote(url.fragment), relative, f"{url.netloc}/{hosted['repo']}" if hosted else "")


class Pages:
    """The pages that were read, by the last part of every path that a link may call them."""

    def __init__(self, pages: Iterable[MarkdownPage]) -> None:
        self._ends: dict[str, list[tuple[tuple[str, ...], bool, MarkdownPage]]] = {}
        for page in pages:
            for parts, is_file in _spellings(page):
                if parts:
                    self._ends.setdefault(parts[-1], []).append((parts, is_file, page))

    def of(self, found: RunbookLink) -> tuple[MarkdownPage | None, bool]:
        """The page that is meant and whether that is sure: by the end of its path, two parts of it at least.

        Of several pages it is the one nearest to the alert's own file.
        """
        wanted = tuple(part for part in found.path if part != "..")
        best: list[tuple[int, MarkdownPage]] = []
        for parts, is_file, page in self._ends.get(wanted[-1], ()) if wanted else ():
            same = _common_end(parts, wanted)
            if is_file == found.is_file and (same == len(wanted) or same >= 2):
                best.append((same, page))
        if not best:
            return None, False
        most = max(same for same, _ in best)
        pages = list({id(page): page for same, page in best if same == most}.values())
        chosen = max(pages, key=lambda page: _common_start(page.file.path.parts, found.node.file.path.parts))
        return chosen, len(pages) == 1 and (found.relative or bool(found.hosted) or most >= 2)


def _spellings(page: MarkdownPage) -> list[tuple[tuple[str, ...], bool]]:
    """The file itself, and what a site makes of it: without its ending, as HTML, as a folder."""
    parts = PurePosixPath(page.file.path.as_posix()).parts
    stem = (*parts[:-1], _MARKDOWN.sub("", parts[-1]))
    html = (*stem[:-1], f"{stem[-1]}.html")
    folder = [(parts[:-1], False)] if stem[-1].lower() in ("index", "readme") else []
    return [(parts, True), (stem, False), (html, False), ((*stem, "index.html"), False), *folder]


def _common_end(parts: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    same = 0
    for one, other in zip(reversed(parts), reversed(wanted), strict=False):
        if one != other:
            break
        same += 1
    return same


def _common_start(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def anchors(page: MarkdownPage, style: str) -> set[str]:
    """What links may call the headings of a page; every way of making anchors counts where `style` is ''."""
    found = set(page.anchors)
    for heading in page.headings:
        found |= {anchor for way, anchor in heading.anchors.items() if not style or way in (style, "explicit")}
    return found
