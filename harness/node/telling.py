"""What a node tells of one pod: its listeners in the very moment, the API server as soon as that listens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness.node.api import Json
from harness.node.publishing import StatusPublisher
from harness.node.status import READY_AT, PodState, is_ready, phase_of, rfc3339_micro, status_patch
from harness.node.views import PodListener, PodView, ports_of


def phase_of_object(pod: Mapping[str, Any]) -> str:
    """The phase a pod object has so far."""
    return str((pod.get("status") or {}).get("phase", "Pending"))


class PodTeller:
    """Turns a pod's states into views for listeners and patches for the API server; says nothing twice.

    Attributes:
        over: the pod had ended when it was first seen, so that there is nothing to tell but its end.
    """

    def __init__(self, pod: Json, tell: PodListener, publisher: StatusPublisher) -> None:
        self.over = phase_of_object(pod) in ("Succeeded", "Failed")
        self._uid: str = pod["metadata"]["uid"]
        self._tell = tell
        self._publisher = publisher
        self._conditions: list[Json] = list((pod.get("status") or {}).get("conditions") or [])
        self._ready_since: datetime | None = None
        self._told: PodView | None = None
        self._published: PodState | None = None
        self._silent = False

    def changed(self, pod: Json, state: PodState, now: datetime) -> None:
        """The pod may look different now; it is told where it does."""
        if self.over:
            return
        ready = is_ready(state)
        if ready and self._ready_since is None:
            self._ready_since = now
        elif not ready:
            self._ready_since = None
        view = self.view(pod, state)
        if self._told is None or _told_apart(view) != _told_apart(self._told):
            self._told = view
            self._tell(view)
        if state != self._published and not self._silent:
            self._published = state
            since = self._ready_since
            patch = status_patch(state, self._conditions, now)
            self._conditions = patch["conditions"]
            self._publisher.publish(lambda: self._patch(patch, since))

    def be_silent(self) -> None:
        """From now on tell the API server nothing; listeners still hear of everything."""
        self._silent = True

    def gone(self, pod: Json, state: PodState) -> None:
        """The pod has left the node."""
        self._tell(self.view(pod, state, gone=True))

    def view(self, pod: Json, state: PodState, gone: bool = False) -> PodView:
        """The pod as a listener sees it."""
        metadata = pod["metadata"]
        return PodView(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=self._uid,
            labels=dict(metadata.get("labels") or {}),
            ip=state.pod_ip,
            phase=phase_of_object(pod) if self.over else phase_of(state),
            ready=is_ready(state) and not gone,
            ready_since=None if gone else self._ready_since,
            ports=ports_of(pod),
            terminating=state.terminating or gone,
            gone=gone,
        )

    def object(self, pod: Json, state: PodState, now: datetime) -> Json:
        """The pod object with the status as the node knows it, which may be newer than the API server's."""
        if self.over:
            return pod
        status = status_patch(state, self._conditions, now)
        status["podIPs"], status["hostIPs"] = [{"ip": state.pod_ip}] if state.pod_ip else [], [{"ip": state.host_ip}]
        return {**pod, "status": status}

    def _patch(self, status: Json, ready_since: datetime | None) -> Json:
        metadata: Json = {"uid": self._uid}
        if ready_since is not None:
            metadata["annotations"] = {READY_AT: rfc3339_micro(ready_since)}
        return {"metadata": metadata, "status": status}


def _told_apart(view: PodView) -> tuple[object, ...]:
    return (view.ip, view.phase, view.ready, view.terminating, view.gone, view.labels)
