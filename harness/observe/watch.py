"""What the API server reports of the namespace: pods, deployments, autoscalers, scaled objects, events, and nodes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from harness.observe.base import Context
from harness.observe.cluster import Change, Cluster, Refused
from harness.observe.following import PATIENCE, Following
from harness.record.rows import Watch

ASK_AGAIN = 10.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that is watched. One that is not `needed` may be absent or forbidden; that is noted, and no gap."""

    name: str
    path: str
    needed: bool = True


KINDS = (
    Kind("Pod", "/api/v1/namespaces/{namespace}/pods"),
    Kind("Deployment", "/apis/apps/v1/namespaces/{namespace}/deployments"),
    Kind("HorizontalPodAutoscaler", "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"),
    Kind("ScaledObject", "/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledobjects", needed=False),
    Kind("Event", "/api/v1/namespaces/{namespace}/events"),
    Kind("Node", "/api/v1/nodes", needed=False),
)


class Observer:
    """Follows each kind on its own; current while every one of them is."""

    source: ClassVar[str] = "watch"
    patience: ClassVar[float] = PATIENCE

    def __init__(self, kinds: tuple[Kind, ...] = KINDS) -> None:
        self._kinds = kinds
        self._followed: dict[str, Following] = {}

    async def run(self, context: Context) -> None:
        """Watch until cancelled. What was known before a restart is kept, so that nothing vanishes unseen."""
        async with Cluster.connect(context.target) as cluster, asyncio.TaskGroup() as group:
            for kind in self._kinds:
                context.currency.expect(kind.name, context.clock())
            for kind in self._kinds:
                group.create_task(self._follow(kind, cluster, context), name=kind.name)

    async def _follow(self, kind: Kind, cluster: Cluster, context: Context) -> None:
        async def changed(changes: list[Change]) -> None:
            at = context.clock()
            await context.write(*(row(kind.name, change, at) for change in changes))

        before = self._followed.get(kind.name)
        following = self._followed[kind.name] = Following(
            cluster,
            kind.path.format(namespace=context.target.namespace),
            changed,
            seen=lambda: context.saw(kind.name),
            failed=lambda reason: context.currency.failed(reason, kind.name),
            known=before.known if before else {},
        )
        told = False
        while True:
            try:
                await following.run()
            except Refused as error:
                if error.status == 401 or kind.needed:
                    raise  # credentials are read anew when the supervisor starts this observer again
                context.currency.forget(kind.name)
                if not told:
                    told = True
                    await context.note("info", f"{kind.name} objects are not watched here: {error}")
                await asyncio.sleep(ASK_AGAIN)


def row(kind: str, change: Change, at: float) -> Watch:
    """A change as it is recorded, received at `at`."""
    metadata = change.object["metadata"]
    return Watch(
        at=at,
        kind=kind,
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata["uid"],
        change=change.change,  # type: ignore[arg-type]  # BOOKMARK and ERROR do not come here
        object=change.object,
    )
