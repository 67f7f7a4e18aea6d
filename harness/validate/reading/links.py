"""Links of a page -> the files they lead to. Only what has a file's name is looked for: sites make up other addresses."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from harness.validate.artefacts import Link

_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|\s|.*(?:\{\{|\{%|\{<|\$\{|<|@site)")
_NAMED = re.compile(r".*[^/.]\.(?P<suffix>[A-Za-z0-9]{1,8})$")
_RENDERED = frozenset({"html", "htm", "php", "aspx", "jsp", "com", "org", "net", "io", "de", "dev"})


def fragment_of(link: Link) -> str:
    """What stands behind `#`, '' where there is none."""
    return unquote(link.target.partition("#")[2])


def file_of(link: Link, page: Path) -> Path | None:
    """The file that a relative link names; the page itself for `#anchor`; None where the link leads elsewhere."""
    target = link.target.partition("#")[0].partition("?")[0]
    if not target:
        return page if link.target.startswith("#") else None
    if _ELSEWHERE.match(target):
        return None
    path = unquote(target)
    named = _NAMED.match(path)
    if named is None or named["suffix"].lower() in _RENDERED:
        return None
    if path.startswith("/"):
        return _from_a_root(path.lstrip("/"), page)
    return Path(os.path.normpath(page.parent / path))


def exists(path: Path) -> bool:
    """Whether a file is there. What the system refuses to tell counts as there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return True


def _from_a_root(path: str, page: Path) -> Path | None:
    """`/docs/x.md` counts from the root of a repository or of a site: from the folder above in which it is there."""
    for folder in page.resolve().parents:
        if exists(folder / path):
            return folder / path
    return None
