"""Whether the machine was ours: on an embedded cluster, how many cores something else kept busy meanwhile.

The cluster, its pods, the load and this machine share the same cores there. A deadline that is missed while a stranger
takes a core says nothing about the system; the judge needs to know.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harness.observe.base import Context
from harness.observe.pace import paced
from harness.record.rows import FOREIGN_CORES, Sample
from harness.stack.state import folder_of, read_state

EVERY = 2.0
BUSY_CORES = "host/busy_cores"

_TICKS = os.sysconf("SC_CLK_TCK")
_STAT_IDLE = (3, 4)
"""Fields of the `cpu` line of /proc/stat that are not work: idle, iowait. Steal counts: a neighbour took it."""
_GUEST = slice(8, 10)
"""Guest time is in user time already (proc(5))."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU ticks since boot at one moment: of the whole machine, and of our processes with the children they reaped."""

    at: float
    busy: int
    ours: int

    def since(self, before: Usage) -> tuple[float, float]:
        """Cores kept busy since `before`: by all, and by others than us. What an ended child used went to who reaped it."""
        seconds = max(1e-9, self.at - before.at)
        busy = (self.busy - before.busy) / _TICKS / seconds
        own = max(0, self.ours - before.ours) / _TICKS / seconds
        return busy, max(0.0, busy - own)


class Observer:
    """Samples the cores that are busy and those that strangers keep busy. Elsewhere there is nothing to see."""

    source: ClassVar[str] = "host"
    patience: ClassVar[float] = 8.0

    async def run(self, context: Context) -> None:
        """Sample until cancelled."""
        before: Usage | None = None
        roots = _roots(context.target.name) if context.target.embedded else ()
        async for _ in paced(EVERY):
            context.saw()
            if not roots:
                continue
            now = usage(context.clock(), roots)
            if before is not None:
                busy, foreign = now.since(before)
                await context.write(Sample(now.at, BUSY_CORES, {}, busy), Sample(now.at, FOREIGN_CORES, {}, foreign))
            before = now


def _roots(cluster: str) -> tuple[int, ...]:
    """The processes whose families are ours: the runner that started us, and the cluster's supervisor."""
    state = read_state(folder_of(cluster))
    return (os.getppid(), state.supervisor.pid) if state else (os.getppid(),)


def usage(at: float, roots: Iterable[int], proc: Path = Path("/proc")) -> Usage:
    """CPU usage of the machine and of the families of `roots`, read from /proc."""
    fields = [int(field) for field in (proc / "stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = sum(fields[index] for index in _STAT_IDLE)
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue  # it ended meanwhile
            rest = text[text.rindex(")") + 2 :].split()
            parents[int(entry.name)] = int(rest[1])
            ticks[int(entry.name)] = sum(int(field) for field in rest[11:15])
    ours = sum(used for pid, used in ticks.items() if _descends(pid, parents, frozenset(roots)))
    return Usage(at, sum(fields) - idle - sum(fields[_GUEST]), ours)


def _descends(pid: int, parents: Mapping[int, int], roots: frozenset[int]) -> bool:
    while pid > 1:
        if pid in roots:
            return True
        pid = parents.get(pid, 0)
    return False
