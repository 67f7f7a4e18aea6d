"""When things are due: pure arithmetic over the plan's moments."""

from __future__ import annotations

import math
from collections.abc import Set

from harness.plan.model import Plan, PlannedFault

CRON_GRAIN_SECONDS = 60
FAULT_LEAD_SECONDS = 6.0
"""A fault's process is started this long before its moment, because Python and chaostoolkit need seconds to load."""


def begin(plan: Plan, earliest: float) -> float:
    """t0, seconds since the epoch: not before `earliest`, and so that the window opens on a full minute."""
    if plan.window is None:
        return earliest
    opens = math.ceil((earliest + plan.window.opens) / CRON_GRAIN_SECONDS) * CRON_GRAIN_SECONDS
    return opens - plan.window.opens


def due_marks(plan: Plan, elapsed: float, done: Set[str]) -> list[str]:
    """Moments of the timeline that have come and are not marked yet, in order. Faults mark their own."""
    due = [
        (at, name)
        for name, at in plan.moments.items()
        if at <= elapsed and name not in done and not name.startswith(("fault:", "fault-end:"))
    ]
    return [name for _, name in sorted(due)]


def due_faults(plan: Plan, elapsed: float, started: Set[str]) -> list[PlannedFault]:
    """Faults whose process has to be started now."""
    return [one for one in plan.faults if one.start - FAULT_LEAD_SECONDS <= elapsed and one.id not in started]
