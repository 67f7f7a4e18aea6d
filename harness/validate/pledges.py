"""Whom a promise is about: workloads and autoscalers that prose names, or describes by component and territory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache

from harness.validate.estate import Estate
from harness.validate.finding import Confidence
from harness.validate.promises import Mention, Scale
from harness.validate.scaler import Scaler, integer, scalers
from harness.validate.text import Place
from harness.validate.workload import Workload, workloads

_WORD = re.compile(r"[A-Za-z]+|\d+")


@cache
def words_of(name: str) -> frozenset[str]:
    """`crm-queries-de` -> crm, queries, de."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def scalers_of(name: str, place: Place, estate: Estate, described: tuple[str, ...] = ()) -> Iterator[Scaler]:
    """The autoscalers of a workload by name, by words such as ('queries', 'DE') in its name, or all the page is about."""
    words = frozenset(word for part in described for word in words_of(part))
    for scaler in scalers(estate):
        if name:
            fits = name in (scaler.target, scaler.name)
        elif words:
            fits = words <= words_of(scaler.target)
        else:
            fits = _on_page(scaler.target, place, estate) or _on_page(scaler.name, place, estate)
        if fits:
            yield scaler


def scalers_of_scale(promise: Scale, estate: Estate) -> Iterator[Scaler]:
    """The autoscalers that have to keep a promise of pods. Words that fit several workloads do not tell which."""
    if promise.workload:
        yield from scalers_of(promise.workload, promise.place, estate)
    elif promise.component or promise.territory:
        found = list(scalers_of("", promise.place, estate, (promise.component, promise.territory)))
        if len({scaler.target for scaler in found}) == 1:
            yield from found


def workloads_of(name: str, place: Place, estate: Estate) -> Iterator[Workload]:
    """The workloads of that name; without a name, those the page is about."""
    for (_, called), found in workloads(estate).items():
        if called == name or (not name and _on_page(called, place, estate)):
            yield from found


def _on_page(name: str, place: Place, estate: Estate) -> bool:
    return name in _mentioned(estate).get(str(place.path), frozenset())


@lru_cache(maxsize=2)
def _mentioned(estate: Estate) -> dict[str, frozenset[str]]:
    """Page -> names of workloads on it, as promises, mentions or in its text."""
    known = {name for _, name in workloads(estate)} | {scaler.target for scaler in scalers(estate)}
    known |= {scaler.name for scaler in scalers(estate)}
    found: dict[str, set[str]] = {}
    for promise in estate.promises:
        name = promise.name if isinstance(promise, Mention) else getattr(promise, "workload", "")
        if name in known:
            found.setdefault(str(promise.place.path), set()).add(name)
    for page in estate.runbooks:
        words = set(re.findall(r"[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]", page.file.text))
        found.setdefault(str(page.file.path), set()).update(words & known)
    return {path: frozenset(names) for path, names in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Pledge:
    """An autoscaler has to bring its workload from `start` to `goal` pods, `within` a time of `cause` where one is said.

    `step`: the promise that counts the pods, `deadline`: the one with the time (often the same).
    """

    scaler: Scaler
    start: int
    goal: int
    within: timedelta | None
    cause: str
    step: Scale
    deadline: Scale

    @property
    def down(self) -> bool:
        """Whether pods are to go."""
        return self.goal < self.start

    @property
    def confidence(self) -> Confidence:
        """The less sure of both promises; described workloads are never certain."""
        both = {self.step.confidence, self.deadline.confidence}
        if not self.step.workload:
            both.add(Confidence.LIKELY)
        return next(one for one in (Confidence.GUESS, Confidence.LIKELY, Confidence.CERTAIN) if one in both)

    @property
    def understood(self) -> str:
        """What was read, as a sentence without its full stop."""
        if self.deadline is self.step:
            return self.step.understood()
        return f"{self.step.understood()}; {self.deadline.understood()}"


@lru_cache(maxsize=2)
def pledges(estate: Estate) -> tuple[Pledge, ...]:
    """Every promised number of pods with its autoscaler, and the deadlines of its section."""
    promised = estate.all(Scale)
    open_ended = [one for one in promised if one.wanted is None and one.within is not None]
    known = frozenset(word for scaler in scalers(estate) for word in words_of(scaler.target))
    found: list[Pledge] = []
    for step in promised:
        if step.wanted is not None:
            for scaler in scalers_of_scale(step, estate):
                found += _pledges(step, scaler, [one for one in open_ended if _covers(one, step, scaler, known)])
    return tuple(found)


def _pledges(step: Scale, scaler: Scaler, deadlines: list[Scale]) -> Iterator[Pledge]:
    assert step.wanted is not None
    planned = [integer(one.setting("desiredReplicas"), 0) for one in scaler.triggers if one.type == "cron"]
    if step.down:
        start = step.usual if step.usual is not None else max([step.wanted + 1, *planned])
        yield Pledge(scaler, start, step.wanted, step.within, step.cause, step, step)
        return
    usual = step.usual if step.usual is not None else scaler.least
    up = [one for one in deadlines if not one.down] if step.within is None else []
    for deadline in up or [step]:
        yield Pledge(scaler, usual, step.wanted, deadline.within, deadline.cause, step, deadline)
    for deadline in deadlines:
        if deadline.down and usual < step.wanted:
            yield Pledge(scaler, step.wanted, usual, deadline.within, deadline.cause, step, deadline)


def _covers(deadline: Scale, step: Scale, scaler: Scaler, known: frozenset[str]) -> bool:
    """Whether a deadline without a number is about this step: in its section, and about its workload or about all."""
    if deadline.place.path != step.place.path or deadline.headings[:2] != step.headings[:2]:
        return False
    if deadline.season and step.season and deadline.season != step.season:
        return False
    if deadline.workload:
        return deadline.workload in (scaler.target, scaler.name)
    # What is in no autoscaler's name at all is no component: `of the windows` says nothing about whom it is for.
    component = words_of(deadline.component) if words_of(deadline.component) <= known else frozenset()
    return component | words_of(deadline.territory) <= words_of(scaler.target)
