"""What links may call a heading, by each way of making anchors that is in wide use."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from harness.runbook.anchors import slug

_ATTRIBUTES = re.compile(r"\s*\{:?\s*(?P<body>[#.][^{}]*)\}\s*$")


@dataclass(slots=True)
class Slugs:
    """The anchors of one page so far; the n-th heading of one text gets a number."""

    _github: dict[str, int] = field(default_factory=dict)
    _mkdocs: set[str] = field(default_factory=set)

    def next(self, text: str, explicit: str = "") -> dict[str, str]:
        """The anchors of the next heading: by GitHub, by GitLab (no double hyphens) and by MkDocs."""
        github = self._numbered(slug(text))
        mkdocs = explicit or self._unique(mkdocs_slug(text))
        self._mkdocs.add(mkdocs)
        return {"github": github, "mkdocs": mkdocs, "gitlab": re.sub(r"-{2,}", "-", github)}

    def _numbered(self, wanted: str) -> str:
        """github-slugger: `x`, `x-1`, `x-2`; a heading that is itself called `x 1` is stepped over."""
        name = wanted
        while name in self._github:
            self._github[wanted] += 1
            name = f"{wanted}-{self._github[wanted]}"
        self._github[name] = 0
        return name

    def _unique(self, name: str) -> str:
        """python-markdown's `unique`: `x`, `x_1`, `x_2`."""
        while name in self._mkdocs or not name:
            numbered = re.fullmatch(r"(.*)_([0-9]+)", name)
            name = f"{numbered[1]}_{int(numbered[2]) + 1}" if numbered else f"{name}_1"
        return name


def mkdocs_slug(text: str) -> str:
    """`Über uns (neu)` -> `uber-uns-neu`: python-markdown's toc.slugify, which knows ASCII only."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", ascii_only).strip().lower())


def explicit_id(text: str) -> tuple[str, str]:
    """A heading's text without `{#id .class}` at its end, and that id ('' where there is none)."""
    found = _ATTRIBUTES.search(text)
    if found is None:
        return text, ""
    id_ = re.search(r"#([^\s.#{}]+)", found["body"])
    return text[: found.start()], id_[1] if id_ else ""
