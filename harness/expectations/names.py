"""Names that expectations refer to: moments, workloads, territories; and what to say where one is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated

from pydantic import Field

from harness.expectations.base import World

MOMENT = r"^(start|end|window-opens|window-closes|(phase|phase-end|load|fault|fault-end):\S+)$"

Moment = Annotated[
    str,
    Field(
        pattern=MOMENT,
        examples=["window-opens", "phase:peak", "load:4x", "fault:kill-pods", "fault-end:kill-pods"],
        description="A moment: start, end, window-opens, window-closes, phase:NAME, phase-end:NAME, load:4x, "
        "fault:ID or fault-end:ID.",
    ),
]


_NEARLY = 0.8
"""How alike two names are (difflib's ratio) when one is taken for a slip of the other."""


def fault_of(moment: str) -> str | None:
    """`fault:kill-pods` or `fault-end:kill-pods` -> `kill-pods`; None for any other moment."""
    head, _, rest = moment.partition(":")
    return rest if head in ("fault", "fault-end") else None


def component_of(workload: str, component: str) -> bool:
    """Whether a workload is of that component, by the words of its name: `crm-queries-de` is of `queries`."""
    return component in workload.split("-")


def unknown(what: str, names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """One sentence for each of `names` that is not `known`, with the nearest that is."""
    there = sorted(known)
    for name in names:
        if name not in there:
            near = get_close_matches(name, there, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(there) or 'none'}."
            yield f"There is no {what} '{name}'; {hint}"


def misspelt(what: str, names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """`unknown`, but only for names that are nearly one that exists.

    What is deployed may lack what the runbook promises: that is for the rehearsal to show, not for the plan to refuse.
    """
    there = sorted(known)
    return unknown(what, (name for name in names if get_close_matches(name, there, n=1, cutoff=_NEARLY)), there)


def unknown_moments(names: Iterable[str], world: World) -> Iterator[str]:
    """`unknown` for moments."""
    return unknown("moment", dict.fromkeys(names), world.moments)
