"""Does a page read like a runbook? Rules that demand things of runbooks ask nothing of a README or a changelog."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from harness.validate.artefacts import Found, MarkdownPage

_NAMED = re.compile(
    r"run-?book|playbook|betriebshandbuch|betriebsanleitung|betriebsdoku|notfallhandbuch|notfallplan|bereitschaft"
    r"|on-?call|rufbereitschaft|störungshandbuch|stoerungshandbuch|incident[ _-]response|operations?[ _-](?:notes|guide"
    r"|handbook|manual)|^operations$|saisonbetrieb|saisonplan",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"^(?:readme|change-?log|changes|history|news|release[-_ ]?notes?|contributing|code[-_]of[-_]conduct|license|security"
    r"|adr[-_ ]?\d*|\d{3,4}-.*|api|roadmap|todo|authors|governance|maintainers|upgrading|migration.*)$",
    re.IGNORECASE,
)
_OTHER_FOLDERS = frozenset({"adr", "adrs", "decisions", "rfcs", "api", "changelog", "changelogs", "blog", "postmortems"})
_ALERT = re.compile(r"(?:Alert(?:name)?:?\s+)?[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)+")
_ALERT_END = re.compile(
    r"(?:High|Low|Down|Slow|Full|Filling|Failing|Failed|Errors?|Missing|Lag|Burn|Latency|Saturated|Exceeded)$"
)
_TOLD = re.compile(r"(?:Alert|Alarm|Meldung|Alertname|Alert name)s?\s*:\s*\S", re.IGNORECASE)
_STEPS = re.compile(r"\b(?:kubectl|helm|systemctl|psql|oc)\s+\S")


def reads_like_a_runbook(page: MarkdownPage) -> MarkdownPage:
    """The page with `runbook` set by its name, title, headings, and what it tells to type."""
    return replace(page, runbook=_is_runbook(page))


def _is_runbook(page: MarkdownPage) -> bool:
    path = page.file.path
    if any("expect" in fence.info.split() and "yaml" in fence.info.split() for fence in page.fences):
        return True
    folders = {part.lower() for part in path.parts[:-1]}
    if _OTHER.match(path.stem) or folders & _OTHER_FOLDERS:
        return bool(_NAMED.search(page.title)) and not _OTHER.match(path.stem)
    if _NAMED.search(path.stem) or _NAMED.search(page.title) or any(_NAMED.search(folder) for folder in folders):
        return True
    if page.front is not None and _NAMED.search(page.front.string("type") + page.front.string("kind")):
        return True
    commands = any(_STEPS.match(code.text) for code in page.codes) or any(
        _STEPS.search(fence.content.text)
        for fence in page.fences
        if fence.info.split()[:1] in ([], ["sh"], ["bash"], ["shell"])
    )
    numbered = any(sentence.number for sentence in page.sentences)
    named = [one for one in page.headings if _ALERT.fullmatch(one.text)]
    alerts = [one for one in named if _ALERT_END.search(one.text)]
    told = any(_TOLD.match(sentence.text) for sentence in page.sentences)
    headed = any(_NAMED.search(one.text) for one in page.headings)
    return (bool(alerts) and (commands or numbered)) or len(alerts) > 2 or ((headed or told) and commands)


def linked_pages(found: Found) -> frozenset[tuple[str, ...]]:
    """The last two parts of every path that an alert's link leads to: such pages are runbooks, whatever they say."""
    links = {
        rule.annotations.get(key, "")
        for rule in found.rules
        if rule.alert
        for key in ("runbook_url", "runbook", "playbook")
    }
    paths = (PurePosixPath(re.sub(r"^\w+://[^/]+/|[?#].*$", "", link)) for link in links if ".md" in link)
    return frozenset(path.parts[-2:] for path in paths)
