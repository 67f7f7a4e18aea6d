"""The Markdown pages of the repository as the tests of the documentation look at them: links, anchors, code."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.runbook.page import read_page

ROOT = Path(__file__).resolve().parents[2]
_HTML_TARGET = re.compile(r"\b(?:src|srcset|href)=\"([^\"]+)\"")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


@dataclass(frozen=True)
class Code:
    """A fenced block or a span of code. `info`: the fence's info string, None for a span."""

    text: str
    info: str | None
    where: str


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return tuple(path for name in sorted(set(listed.split("\0"))) if name and (path := ROOT / name).is_file())


def pages() -> list[Path]:
    """Every Markdown page of ours; those of the sets that validation is tried on are written as if by others."""
    return [path for path in tracked() if path.suffix == ".md" and ROOT / "tests" / "validate" not in path.parents]


def code(path: Path) -> Iterator[Code]:
    """Every fenced block and span of code of a page."""
    for token in _tokens(path):
        where = f"{path.relative_to(ROOT)}:{(token.map or [0])[0] + 1}"
        if token.type == "fence":
            yield Code(token.content, token.info.strip(), where)
        for child in token.children or ():
            if child.type == "code_inline":
                yield Code(child.content, None, where)


def broken_links(path: Path) -> list[str]:
    """Relative links, and anchors, of a page that lead nowhere: one sentence each."""
    return [problem for target in _targets(path) if (problem := _problem(path, target))]


def _targets(path: Path) -> Iterator[str]:
    for token in _tokens(path):
        for part in [token, *(token.children or ())]:
            if part.type == "link_open":
                yield str(part.attrGet("href"))
            elif part.type == "image":
                yield str(part.attrGet("src"))
            elif part.type in ("html_block", "html_inline"):
                yield from _HTML_TARGET.findall(part.content)


def _problem(path: Path, target: str) -> str | None:
    if _ELSEWHERE.match(target):
        return None
    name, _, anchor = target.partition("#")
    to = (path.parent / unquote(name)).resolve() if name else path
    shown = f"{path.name} links to {target}"
    if not to.exists():
        return f"{shown}, which is not there"
    if anchor and to.suffix == ".md" and unquote(anchor) not in _anchors(to):
        return f"{shown}, but that page has no such heading"
    return None


def _anchors(path: Path) -> set[str]:
    return {heading.anchor for heading in read_page(path.read_text(encoding="utf-8"), path).headings}


def _tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
