"""Whom a promise is about: workloads and autoscalers that prose names, or describes by component and territory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from harness.validate.estate import Estate
from harness.validate.promises import Mention, Scale
from harness.validate.scaler import Scaler, scalers
from harness.validate.text import Place
from harness.validate.workload import Workload, workloads

_WORD = re.compile(r"[A-Za-z]+|\d+")


def scalers_of(name: str, place: Place, estate: Estate, described: tuple[str, ...] = ()) -> Iterator[Scaler]:
    """The autoscalers of a workload by name, by words such as ('queries', 'DE') in its name, or all the page is about."""
    words = {word.lower() for part in described for word in _WORD.findall(part)}
    for scaler in scalers(estate):
        if name:
            fits = name in (scaler.target, scaler.name)
        elif words:
            fits = words <= {word.lower() for word in _WORD.findall(scaler.target)}
        else:
            fits = _on_page(scaler.target, place, estate) or _on_page(scaler.name, place, estate)
        if fits:
            yield scaler


def scalers_of_scale(promise: Scale, estate: Estate) -> Iterator[Scaler]:
    """The autoscalers that have to keep a promise of pods."""
    if promise.workload or promise.component or promise.territory:
        yield from scalers_of(promise.workload, promise.place, estate, (promise.component, promise.territory))


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
