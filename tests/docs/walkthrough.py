"""A page that is a walk: its shell blocks are typed, its diffs applied, and what it quotes has to come out.

`python -m tests.docs.walkthrough` writes what comes out today into the page.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "how-to" / "from-wiki-to-checked.md"
_CHANGES_DAILY = re.compile(r"(?<=by )\d+(?= rules)|(?<=\()\d+\.\d(?= s\)$)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of the page. `first`: the line of its opening fence, `last`: that of its closing one, from 0."""

    info: str
    text: str
    first: int
    last: int


@dataclass(frozen=True)
class Quote:
    """What the page says comes out of the commands above it, and what does."""

    block: Block
    code: int
    output: str

    def holds(self) -> bool:
        """But for the number of rules and the time they took."""
        wanted = re.search(r"\bexit=(\d+)", self.block.info)
        return steady(self.block.text) == steady(self.output) and self.code == int(wanted[1] if wanted else 0)


def steady(text: str) -> str:
    """A text without what changes from day to day."""
    return _CHANGES_DAILY.sub("some", text)


def blocks(page: Path = PAGE) -> list[Block]:
    """The fenced blocks in order."""
    return [
        Block(token.info.strip(), token.content, token.map[0], token.map[1] - 1)
        for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
        if token.type == "fence" and token.map
    ]


def walk(folder: Path, page: Path = PAGE) -> Iterator[Quote]:
    """Do what the page says, in a folder beside which only `docs` of this repository is."""
    (folder / "docs").symlink_to(ROOT / "docs")
    programs = folder / ".bin"
    programs.mkdir()
    shim = programs / "rehearse"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness.cli.main "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    here = folder
    done: subprocess.CompletedProcess[str] | None = None
    for block in blocks(page):
        kind = block.info.split(" ")[0]
        if kind == "sh":
            script = f"{block.text}\ncode=$?; pwd > {folder}/.here; exit $code"
            environment = {
                **os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "NO_COLOR": "1",
                "GIT_CEILING_DIRECTORIES": str(folder),
            }  # fmt: skip
            done = subprocess.run(
                ["bash", "-c", script], cwd=here, env=environment, capture_output=True, text=True, check=False
            )
            here = Path((folder / ".here").read_text(encoding="utf-8").strip())
        elif kind == "diff":
            subprocess.run(["git", "apply", "-"], cwd=here, input=block.text, text=True, check=True)
        elif kind == "text":
            assert done is not None, "a quote stands below the command that it quotes"
            yield Quote(block, done.returncode, done.stdout + done.stderr)


def written(page: Path = PAGE) -> str:
    """The page with what comes out today."""
    lines = page.read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        quotes = list(walk(Path(folder).resolve(), page))
    for quote in reversed(quotes):
        if steady(quote.output) != steady(quote.block.text):
            lines[quote.block.first + 1 : quote.block.last] = quote.output.rstrip("\n").splitlines()
        lines[quote.block.first] = "```text" + (f" exit={quote.code}" if quote.code else "")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
