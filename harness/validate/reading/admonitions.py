"""Admonitions and tabs of MkDocs (`!!! note`, `??? question`, `=== "Tab"`): their bodies are Markdown, no code."""

from __future__ import annotations

import re

_OPENS = re.compile(r"(?P<indent> *)(?:!!!|\?\?\?\+?|===[!+]?)[ \t]+(?:\"|[a-z])")
_INDENT = "    "


def flattened(text: str) -> str:
    """The text with the bodies moved to the left by one indent and their first lines emptied: the same lines in number."""
    if "!!!" not in text and "???" not in text and '=== "' not in text:
        return text
    rows = text.split("\n")
    open_: list[int] = []
    fenced = False
    for at, row in enumerate(rows):
        while open_ and row.strip() and not row.startswith(" " * (open_[-1] + len(_INDENT))):
            open_.pop()
        shift = len(open_) * len(_INDENT)
        found = _OPENS.match(row) if not fenced else None
        inner = row[shift:] if row[:shift].isspace() or not shift else row.lstrip() if not row.strip() else row
        if inner.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if found is not None and len(found["indent"]) == shift:
            open_.append(shift)
            inner = ""
        rows[at] = inner
    return "\n".join(rows)
