"""How a cluster is doing: its recorded processes, held against what really runs and answers."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from harness.stack import process
from harness.stack.postgres import home_for, is_ready
from harness.stack.runner import health_client
from harness.stack.state import ClusterState, PartState, Phase, folder_of, read_state

_PATIENCE_SECONDS = 8.0
"""A part on a machine that is busy with a rehearsal is slow, not ill."""


class PartReport(BaseModel):
    """One part now. Memory counts its descendants: PostgreSQL's servers, but not the agent's pods."""

    name: str
    state: str
    is_well: bool
    pid: int | None = None
    rss_bytes: int = 0
    uptime_seconds: float = 0
    ready_after_seconds: float | None = None
    ports: dict[str, int] = {}
    failure: str = ""


class ClusterReport(BaseModel):
    """One cluster now."""

    name: str
    phase: str
    is_well: bool
    lapse: float = 1.0
    rss_bytes: int = 0
    failure: str = ""
    parts: list[PartReport] = []


def inspect(name: str) -> ClusterReport:
    """Look at a cluster. One that does not run is reported as such, not raised."""
    state = read_state(folder_of(name))
    if state is None:
        return ClusterReport(name=name, phase="not running", is_well=False)
    if not process.is_alive(state.supervisor):
        failure = "Its supervisor is gone; `rehearse down` clears away what is left."
        return ClusterReport(name=name, phase="crashed", is_well=False, lapse=state.lapse, failure=failure)
    parts = asyncio.run(_inspect_parts(state))
    own = process.rss_bytes(state.supervisor.pid)
    supervisor = PartReport(
        name="supervisor",
        state="running",
        is_well=True,
        pid=state.supervisor.pid,
        rss_bytes=own,
        uptime_seconds=process.uptime_seconds(state.supervisor),
    )
    return ClusterReport(
        name=name,
        phase=state.phase.value,
        is_well=state.phase is Phase.READY and all(part.is_well for part in parts),
        lapse=state.lapse,
        rss_bytes=own + sum(part.rss_bytes for part in parts),
        failure=state.failure,
        parts=[supervisor, *parts],
    )


async def _inspect_parts(state: ClusterState) -> list[PartReport]:
    async with health_client(_PATIENCE_SECONDS) as client:

        async def answers(part: PartState) -> bool:
            if not part.health_url:
                return is_ready(home_for(state.folder) / "data")
            try:
                return (await client.get(part.health_url)).is_success
            except Exception:
                return False

        healthy = await asyncio.gather(*(answers(part) for part in state.parts))
    return [_report(part, well) for part, well in zip(state.parts, healthy, strict=True)]


def _report(part: PartState, answers: bool) -> PartReport:
    alive = part.process is not None and process.is_alive(part.process)
    if not alive:
        shown = part.phase.value if part.phase in (Phase.WAITING, Phase.FAILED) else "gone"
        return PartReport(name=part.name, state=shown, is_well=False, ports=part.ports, failure=part.failure)
    assert part.process is not None
    # The agent's descendants are the pods: they are the application's memory, not the cluster's.
    family = [part.process.pid] if part.name == "agent" else process.family(part.process.pid)
    return PartReport(
        name=part.name,
        state="healthy" if answers else "does not answer",
        is_well=answers,
        pid=part.process.pid,
        rss_bytes=sum(map(process.rss_bytes, family)),
        uptime_seconds=process.uptime_seconds(part.process),
        ready_after_seconds=part.ready_after_seconds,
        ports=part.ports,
    )
