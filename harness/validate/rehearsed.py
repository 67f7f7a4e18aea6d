"""Which promises rehearsals judge, and what their last runs said."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

from harness.validate.artefacts import Heading, MarkdownPage, Rehearsal
from harness.validate.estate import Estate
from harness.validate.yamltree import Node, documents


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """An item of a `yaml expect` block, and the headings above it."""

    id: str
    kind: str
    node: Node
    page: MarkdownPage
    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the latest run of each rehearsal said: (rehearsal, expectation's id) -> the worst of its results.

    `whole`: rehearsal -> what its findings add up to.
    """

    results: Mapping[tuple[str, str], str] = field(default_factory=dict)
    whole: Mapping[str, str] = field(default_factory=dict)


_WORST = ("fail", "invalid", "no_data", "pass")


@lru_cache(maxsize=2)
def expectations(estate: Estate) -> tuple[Expectation, ...]:
    """Every expectation of every page."""
    return tuple(one for page in estate.found.pages for one in _of_page(page))


@lru_cache(maxsize=2)
def judged(estate: Estate) -> dict[Expectation, tuple[str, ...]]:
    """The names of the rehearsals that judge each expectation, where at least one does."""
    found: dict[Expectation, list[str]] = {}
    for rehearsal in estate.found.rehearsals:
        for one in expectations(estate):
            if _judges(rehearsal, one):
                found.setdefault(one, []).append(rehearsal.name)
    return {one: tuple(names) for one, names in found.items()}


def rehearsed_pages(estate: Estate) -> frozenset[MarkdownPage]:
    """The pages that some rehearsal names as its runbook."""
    return frozenset(
        page for page in estate.found.pages for rehearsal in estate.found.rehearsals if _is_runbook_of(rehearsal, page)
    )


def read_verdicts(runs: Path) -> Verdicts:
    """The verdicts below a folder of runs; those that cannot be read are as if they were not there."""
    latest: dict[str, tuple[float, dict[str, object]]] = {}
    for path in sorted(runs.glob("*/verdict.json")):
        try:
            verdict = json.loads(path.read_text(encoding="utf-8"))
            name, started = str(verdict["rehearsal"]), float(verdict["started"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if name not in latest or started >= latest[name][0]:
            latest[name] = (started, verdict)
    results: dict[tuple[str, str], str] = {}
    for name, (_, verdict) in latest.items():
        findings = verdict.get("findings")
        for one in findings if isinstance(findings, list) else ():
            key, result = (name, str(one.get("id"))), str(one.get("result"))
            results[key] = min(results.get(key, result), result, key=_badness)
    return Verdicts(results, {name: str(verdict.get("result")) for name, (_, verdict) in latest.items()})


def _badness(result: str) -> int:
    return _WORST.index(result) if result in _WORST else 0


def _of_page(page: MarkdownPage) -> Iterator[Expectation]:
    for fence in page.fences:
        if fence.info.split()[:2] == ["yaml", "expect"]:
            try:
                for document in documents(fence.content):
                    for node in document if document.is_list else (document,):
                        yield Expectation(node.string("id"), node.string("kind"), node, page, fence.headings)
            except yaml.YAMLError:
                continue


def _judges(rehearsal: Rehearsal, one: Expectation) -> bool:
    if not _is_runbook_of(rehearsal, one.page):
        return False
    anchor = rehearsal.runbook.partition("#")[2]
    named = [node.text for key in ("expect", "also") for node in rehearsal.node.get(key) or ()]
    if one.id in named:
        return True
    within = not anchor or any(anchor in heading.anchors.values() for heading in one.headings)
    return within and rehearsal.node.get("expect") is None


def _is_runbook_of(rehearsal: Rehearsal, page: MarkdownPage) -> bool:
    path = rehearsal.runbook.partition("#")[0]
    return os.path.normpath(rehearsal.node.file.path.parent / path) == os.path.normpath(page.file.path)
