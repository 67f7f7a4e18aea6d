"""Which observers there are: every module beside this one with a class `Observer`, and third parties' entry points."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points

import harness.observe
from harness.errors import BadInput
from harness.observe.base import Observing

GROUP = "generalprobe.observers"


def gather() -> list[Observing]:
    """One instance of each, in order of source. Raises BadInput where a plug-in does not load or a name is taken twice."""
    found: dict[str, type[Observing]] = {}
    for module in pkgutil.iter_modules(harness.observe.__path__):
        if module.name != "__main__":
            kind = getattr(importlib.import_module(f"harness.observe.{module.name}"), "Observer", None)
            if kind is not None:
                _add(found, kind, module.name)
    for entry in entry_points(group=GROUP):
        try:
            kind = entry.load()
        except Exception as error:
            raise BadInput(f"The observer '{entry.name}' ({entry.value}) does not load: {error}.") from error
        _add(found, kind, entry.value)
    return [found[source]() for source in sorted(found)]


def _add(found: dict[str, type[Observing]], kind: type[Observing], place: str) -> None:
    source = getattr(kind, "source", "")
    if not source or not callable(getattr(kind, "run", None)) or not hasattr(kind, "patience"):
        raise BadInput(f"{place} is no observer: its class needs 'source', 'patience' and 'run'.")
    if source in found:
        raise BadInput(f"The source '{source}' is observed twice, also by {place}; rename one.")
    found[source] = kind
