"""Everything that was read, as rules look at it: by type, by name, and by what belongs together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import Any, TypeVar

from harness.validate.artefacts import Found, MarkdownPage, Rule, Thing
from harness.validate.promises import Promise

Read = TypeVar("Read", bound=Promise)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project sets (pyproject.toml [tool.rehearse.validate] or .rehearse.yaml) and the command line overrides.

    `today`: the day that "the coming twelve months" and "last reviewed" are counted from; `year`: a calendar year instead.
    """

    today: date
    year: int | None = None
    scrape_seconds: float = 30.0
    evaluation_seconds: float = 30.0
    hpa_tolerance: float = 0.1
    hpa_sync_seconds: float = 15.0
    pod_start_seconds: float = 30.0
    holidays: tuple[str, ...] = ("DE-BY", "CH", "AT")
    database: bool = True
    slugs: str = "any"
    """How links name headings: github, mkdocs, or any."""


@dataclass(frozen=True, eq=False)
class Estate:
    """What was read. Rules ask, nothing here changes."""

    found: Found
    promises: Sequence[Promise] = field(default=())

    def all(self, kind: type[Read]) -> list[Read]:
        """The promises of a type, in order of place."""
        if kind not in self._by_type:
            self._by_type[kind] = [promise for promise in self.promises if isinstance(promise, kind)]
        return self._by_type[kind]

    def things(self, *kinds: str) -> list[Thing]:
        """The Kubernetes objects of these kinds."""
        return [thing for kind in kinds for thing in self._by_kind.get(kind, ())]

    def thing(self, kind: str, name: str, namespace: str = "") -> Thing | None:
        """One object; a namespace that either side leaves out fits any."""
        for thing in self._by_kind.get(kind, ()):
            if thing.name == name and (not namespace or not thing.namespace or thing.namespace == namespace):
                return thing
        return None

    @cached_property
    def alerts(self) -> list[Rule]:
        """All alerting rules."""
        return [rule for rule in self.found.rules if rule.alert]

    @cached_property
    def alert_names(self) -> frozenset[str]:
        """The names of all alerting rules."""
        return frozenset(rule.alert for rule in self.alerts)

    @cached_property
    def runbooks(self) -> list[MarkdownPage]:
        """The pages that read like runbooks."""
        return [page for page in self.found.pages if page.runbook]

    @cached_property
    def _by_type(self) -> dict[type[Promise], list[Any]]:
        return {}

    @cached_property
    def _by_kind(self) -> dict[str, list[Thing]]:
        found: dict[str, list[Thing]] = {}
        for thing in self.found.things:
            found.setdefault(thing.kind, []).append(thing)
        return found


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name nearest to `name`, or ''."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that says what may have been meant: `; did you mean 'x'?` or ''."""
    near = nearest(name, known)
    return f"; did you mean '{near}'?" if near else ""
