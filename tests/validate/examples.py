"""The examples on docs/rules pages: folders of files, and the lines a rule has to point at, marked `<- ID` at their end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "rules"
_MARK = re.compile(r"<- (?P<rule>[A-Z]{2,4}\d{3})\b")


@dataclass(slots=True)
class Example:
    """One `## Bad …` or `## Good …` section: file name -> text. `options`: words of the section's heading after a colon."""

    rule: str
    title: str
    good: bool
    files: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """For pytest."""
        return f"{self.rule} {self.title}"

    def expected(self) -> set[tuple[str, int]]:
        """File and line of every mark for this page's rule."""
        return {
            (name, number)
            for name, text in self.files.items()
            for number, line in enumerate(text.splitlines(), 1)
            if any(match["rule"] == self.rule for match in _MARK.finditer(line))
        }

    def write(self, folder: Path) -> None:
        """Its files into a folder, with the marks left in: they are comments."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def examples() -> list[Example]:
    """All examples of all pages. A fence belongs to an example when its info string says `file=NAME`."""
    found: list[Example] = []
    for page in sorted(PAGES.glob("*.md")):
        current: Example | None = None
        tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
        for index, token in enumerate(tokens):
            if token.type == "heading_open" and token.tag == "h2":
                title = tokens[index + 1].content
                kind = title.split(":")[0].strip().lower()
                current = Example(page.stem, title, kind == "good") if kind in ("bad", "good") else None
                if current is not None:
                    found.append(current)
            elif token.type == "fence" and current is not None:
                named = re.search(r"\bfile=(\S+)", token.info)
                if named:
                    current.files[named[1]] = token.content
    return found
