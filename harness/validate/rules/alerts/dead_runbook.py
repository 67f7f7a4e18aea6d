"""AL021: an alert links to a page or a section that does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from harness.validate.artefacts import MarkdownPage, Rule
from harness.validate.estate import Estate, Settings, nearest
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.runbooklinks import Pages, RunbookLink, anchors, link, read_link
from harness.validate.similar import similar


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Relative links, and URLs of pages that were read. Of foreign sites nothing is known."""
    if not estate.found.pages:
        return
    read = Pages(estate.found.pages)
    links = [(rule, found) for rule in estate.alerts if (node := link(rule)) is not None and (found := read_link(node))]
    pages = [(rule, found, *read.of(found)) for rule, found in links if found.path]
    ours = {found.hosted for _, found, page, sure in pages if page is not None and sure and found.hosted}
    names = {page.file.path.name: page for page in estate.found.pages}
    folders = {page.file.path.parent.name for page in estate.found.pages}
    for rule, found, page, sure in pages:
        if page is None:
            if found.is_file and (found.relative or found.hosted in ours):
                yield _no_page(rule, found, names, folders)
        elif found.anchor:
            style = found.style if settings.slugs == "any" or found.style else settings.slugs
            known = anchors(page, style)
            if found.anchor.lower() not in {anchor.lower() for anchor in known}:
                yield _no_anchor(rule, found, page, known, sure)


def _no_page(rule: Rule, found: RunbookLink, names: Mapping[str, MarkdownPage], folders: Set[str]) -> Defect:
    near = similar(found.path[-1], names)
    beside = len(found.path) > 1 and found.path[-2] in folders
    return Defect(
        found.node.place,
        f"{rule.alert} links to {'/'.join(found.path)}, but no such page was read" + (f"; there is {near}" if near else ""),
        f"Link to {names[near].file.path.as_posix()}" if near else "Write the page, or mend the link",
        confidence=_confidence(found, beside),
    )


def _confidence(found: RunbookLink, beside: bool) -> Confidence:
    """Other pages of the folder were read: it is not there. Else the folder itself may be out of what was read."""
    if not found.relative:
        return Confidence.LIKELY
    return Confidence.CERTAIN if beside else Confidence.GUESS


def _no_anchor(rule: Rule, found: RunbookLink, page: MarkdownPage, known: set[str], sure: bool) -> Defect:
    at = found.node.text.rfind("#")
    near = nearest(found.anchor, known) or nearest(rule.alert.lower(), known)
    heading = next((one for one in page.headings if near and near in one.anchors.values()), None)
    return Defect(
        found.node.within(at, len(found.node.text)) if at >= 0 else found.node.place,
        f"{page.file.path.name} has no section #{found.anchor}, so {rule.alert} leads to the top of the page"
        + (f"; there is #{near}" if near else ""),
        f"Link to #{near}" if near else "Add the section, or mend the link",
        (Related(heading.place, f"the section #{near}"),) if heading is not None else (),
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
    )


RULE = ValidationRule(
    "AL021", "dead-runbook-link", "An alert links to a page or section that is not there.", Severity.ERROR, check
)
