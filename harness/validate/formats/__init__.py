"""How findings are written: one format per file, found by its place. A module has `FORMAT`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import BadInput

if TYPE_CHECKING:
    from harness.validate.report import Report


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a report. `write(report, colour)` gives the whole text, ending with a new line (or '')."""

    says: str
    write: Callable[[Report, bool], str]


def names() -> list[str]:
    """The names of all formats; imports none of them."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def format_of(name: str) -> Format:
    """A format by its name. Raises BadInput where there is none."""
    if name not in names():
        raise BadInput(f"There is no format '{name}'; there are {', '.join(names())}.")
    found = importlib.import_module(f"{__name__}.{name}").FORMAT
    assert isinstance(found, Format)
    return found
