"""Which kinds of expectation there are: every module beside this one, and the entry points of third parties."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal, get_args, get_origin

import harness.expectations
from harness.errors import BadInput
from harness.expectations.base import Expectation

GROUP = "generalprobe.expectations"


@cache
def kinds() -> dict[str, type[Expectation]]:
    """Kind -> its class, in order of name. Raises BadInput where two classes claim one kind or a plug-in does not load."""
    found: dict[str, type[Expectation]] = {}
    for candidate in _candidates():
        for kind in kind_names(candidate):
            if found.setdefault(kind, candidate) is not candidate:
                raise BadInput(
                    f"The kind '{kind}' is claimed by {_place(found[kind])} and by {_place(candidate)}; rename one."
                )
    return dict(sorted(found.items()))


def read(spec: dict[str, Any]) -> Expectation:
    """`PlannedExpectation.spec` as a value again. Raises BadInput on an unknown kind."""
    name = str(spec.get("kind"))
    kind = kinds().get(name)
    if kind is None:
        raise BadInput(f"There is no expectation kind '{name}'; there are {', '.join(kinds())}.")
    return kind.model_validate(spec)


def kind_names(candidate: type[Expectation]) -> tuple[str, ...]:
    """The values of the Literal that `kind` is annotated with; none for a class that others build upon."""
    annotation = candidate.model_fields["kind"].annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _candidates() -> Iterator[type[Expectation]]:
    for module in sorted(pkgutil.iter_modules(harness.expectations.__path__), key=lambda found: found.name):
        for thing in vars(importlib.import_module(f"harness.expectations.{module.name}")).values():
            if isinstance(thing, type) and issubclass(thing, Expectation):
                yield thing
    for entry in entry_points(group=GROUP):
        try:
            thing = entry.load()
        except Exception as error:
            raise BadInput(f"The expectation kind '{entry.name}' ({entry.value}) does not load: {error}.") from error
        if not (isinstance(thing, type) and issubclass(thing, Expectation)):
            raise BadInput(f"The entry point '{entry.name}' ({entry.value}) is no Expectation class; see {GROUP}.")
        yield thing


def _place(kind: type[Expectation]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
