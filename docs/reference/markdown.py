"""Markdown as the generated pages need it: a head that names its source, tables, text that is safe in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def page(title: str, source: str, *parts: str) -> str:
    """A whole page. `source`: the file of the code that it is made from."""
    note = f"<!-- Made from {source} by `make docs`; change that instead. -->"
    return "\n\n".join([f"# {title}", note, *(part.strip() for part in parts if part.strip())]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty where it would have no row."""
    lines = [f"| {' | '.join(_cell(one) for one in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *lines])


def prose(text: str) -> str:
    """A docstring as paragraphs, each on one line."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def first_sentence(text: str) -> str:
    """The first sentence of a docstring."""
    return re.split(r"(?<=[.:])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(":")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
