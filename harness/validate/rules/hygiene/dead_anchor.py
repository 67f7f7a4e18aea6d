"""RB021: a link of a runbook leads to a heading that is not there, whoever renders the page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from harness.validate.artefacts import MarkdownPage
from harness.validate.estate import Estate, Settings, did_you_mean
from harness.validate.finding import Defect, Severity
from harness.validate.reading.links import file_of, fragment_of
from harness.validate.rule import ValidationRule

_FREE = re.compile(r"top|L\d+(?:-L\d+)?|:~:.*|fn(?:ref)?[:-].*|gid=.*|/.*|!.*", re.IGNORECASE)
_INCLUDES = re.compile(
    r"\{%-?\s*include|\{\{[<%]?\s*(?:include|partial|readfile|template)|^--8<--|^:::\s*\{?include|<!-- ?include",
    re.MULTILINE,
)


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every `#anchor` that leads to a page which was read, in the slugs of GitHub, GitLab and MkDocs."""
    pages = {os.path.normpath(page.file.path): page for page in estate.found.pages}
    known: dict[str, frozenset[str] | None] = {}
    for page in estate.runbooks:
        for link in page.links:
            fragment = fragment_of(link)
            path = file_of(link, page.file.path) if fragment and not _FREE.fullmatch(fragment) else None
            name = os.path.normpath(path) if path is not None else ""
            target = pages.get(name)
            if target is None:
                continue
            if name not in known:
                includes = _INCLUDES.search(target.file.text) is not None
                known[name] = None if includes else frozenset(map(_bare, _anchors(target)))
            anchors = known[name]
            if anchors is not None and _bare(fragment) not in anchors:
                where = "This page" if target is page else target.file.path.as_posix()
                near = did_you_mean(fragment, [heading.anchors["github"] for heading in target.headings])
                yield Defect(
                    link.place, f"{where} has no heading '#{fragment}'{near}", "Correct the anchor, or add the heading"
                )


def _anchors(page: MarkdownPage) -> Iterator[str]:
    for heading in page.headings:
        yield from heading.anchors.values()
    yield from page.anchors


def _bare(anchor: str) -> str:
    """Without case, and without what emoji and editors leave at the ends."""
    return re.sub(r"[^\w-]", "", anchor.removeprefix("user-content-").lower()).strip("-")


RULE = ValidationRule(
    "RB021", "dead-anchor", "A link of a runbook leads to a heading that is not there.", Severity.WARNING, check
)
