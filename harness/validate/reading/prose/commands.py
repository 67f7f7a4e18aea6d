"""What a page tells to type: shell, PromQL and SQL, in fences and in inline code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.artefacts import Fence
from harness.validate.finding import Confidence
from harness.validate.promises import Command
from harness.validate.reading.prose.context import Context
from harness.validate.text import Place

_SHELL = frozenset({"sh", "bash", "shell", "zsh", "console", "shell-session", "terminal"})
_PROGRAMS = re.compile(
    r"(?:sudo )?(?:kubectl|oc|psql|promtool|amtool|helm|curl|systemctl|journalctl|docker|rehearse|flux|argocd|jq|ssh"
    r"|git|make|pg_\w+|aws|gcloud|az) [^\s=]"
)
_SQL = re.compile(
    r"(?:SELECT\s+\S|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|ALTER\s+\w+\s|CREATE\s+\w+\s|DROP\s+\w+\s"
    r"|VACUUM\b|ANALYZE\s|TRUNCATE\s|REFRESH\s"
    r"|WITH\s+\w+\s+AS\s*\(|EXPLAIN\s|LISTEN\s+\w|NOTIFY\s+\w)"
)
_PROMPT = re.compile(r"^\s*(?:\$|>|#|%|[\w.@~-]+[$#])\s+(?=\S)")


def commands(context: Context) -> Iterator[Command]:
    """Every command of a page, with its place."""
    for fence in context.page.fences:
        language = (fence.info.split() or [""])[0].strip("{}.").lower().split(",")[0]
        headings = tuple(one.text for one in fence.headings)
        for text, place in _of_fence(fence, language):
            bare = "sql" if _SQL.match(text.lstrip()) else "bash"
            kind = "bash" if language in _SHELL else language or bare
            yield Command(
                place=place, sentence=fence.info, headings=headings, confidence=Confidence.CERTAIN, language=kind, text=text
            )
    for code in context.codes:
        kind = "bash" if _PROGRAMS.match(code.text) else "sql" if _SQL.match(code.text) else ""
        if kind:
            yield Command(
                place=code.place,
                sentence=code.sentence,
                headings=tuple(one.text for one in code.headings),
                confidence=Confidence.CERTAIN,
                language=kind,
                text=code.text,
            )


def _of_fence(fence: Fence, language: str) -> Iterator[tuple[str, Place]]:
    text = fence.content.text
    if not text.strip():
        return
    if language in ("promql", "sql", "postgresql", "psql", "pgsql") or (not language and _SQL.match(text.lstrip())):
        yield text, fence.content.at(0)
    elif language in ("console", "shell-session", "terminal") or (
        (language in _SHELL or not language) and re.match(r"\s*\$ \S", text)
    ):
        yield from _session(fence)
    elif language in _SHELL or (not language and _PROGRAMS.match(text.lstrip())):
        yield text, fence.content.at(0)


def _session(fence: Fence) -> Iterator[tuple[str, Place]]:
    """A session: what follows a prompt was typed, with its continued lines; the rest is output."""
    rows = fence.content.lines
    row = 0
    while row < len(rows):
        prompt = _PROMPT.match(rows[row])
        if prompt is None:
            row += 1
            continue
        first = row
        typed = [rows[row][prompt.end() :]]
        while rows[row].rstrip().endswith("\\") and row + 1 < len(rows):
            row += 1
            typed.append(rows[row])
        row += 1
        yield "\n".join(typed) + "\n", fence.content.at(first, prompt.end())
