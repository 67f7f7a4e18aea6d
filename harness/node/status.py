"""A pod's status, computed from its containers: phase, conditions, containerStatuses.

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ and the kubelet's getPhase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

READY_AT = "generalprobe.dev/ready-at"
"""Annotation: when the pod became Ready, RFC 3339 with microseconds (conditions carry whole seconds only)."""


@dataclass(frozen=True)
class Waiting:
    """Not running yet, or not again."""

    reason: str
    message: str = ""


@dataclass(frozen=True)
class Running:
    """The main process runs."""

    started_at: datetime


@dataclass(frozen=True)
class Terminated:
    """The main process has ended; ``exit_code`` is 128 + signal when a signal ended it."""

    exit_code: int
    reason: str
    started_at: datetime | None
    finished_at: datetime | None
    message: str = ""
    container_id: str = ""


State = Waiting | Running | Terminated


@dataclass(frozen=True)
class ContainerStatus:
    """What is known of one container. ``restartable_init`` marks a sidecar."""

    name: str
    image: str
    state: State = Waiting("PodInitializing")
    last_state: Terminated | None = None
    restart_count: int = 0
    ready: bool = False
    started: bool = False
    container_id: str = ""
    image_id: str = ""
    restartable_init: bool = False


@dataclass(frozen=True)
class PodState:
    """Everything a pod's status is computed from.

    Attributes:
        finished: no container runs or will run again.
        failure: reason and message when the pod as a whole failed, such as DeadlineExceeded.
        gates: the values of the pod's readinessGates.
    """

    restart_policy: str
    init: tuple[ContainerStatus, ...]
    main: tuple[ContainerStatus, ...]
    pod_ip: str = ""
    host_ip: str = ""
    started_at: datetime | None = None
    generation: int | None = None
    terminating: bool = False
    finished: bool = False
    failure: tuple[str, str] | None = None
    gates: Mapping[str, bool] = field(default_factory=dict)


def rfc3339(moment: datetime) -> str:
    """Whole seconds, as Kubernetes' Time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(moment: datetime) -> str:
    """Microseconds, as Kubernetes' MicroTime."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """A Kubernetes time of either kind."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def incomplete_init(init: Iterable[ContainerStatus]) -> list[str]:
    """Names of init containers that have not done their part: ended with 0, or, a sidecar, started once."""
    return [status.name for status in init if not _init_done(status)]


def _init_done(status: ContainerStatus) -> bool:
    if status.restartable_init:
        return status.started or status.restart_count > 0 or isinstance(status.state, Terminated)
    return isinstance(status.state, Terminated) and status.state.exit_code == 0


def phase_of(pod: PodState) -> str:
    """Pending, Running, Succeeded or Failed."""
    if _failure(pod):
        return "Failed"
    ended = [_ended(status) for status in pod.main]
    if pod.finished:
        failed_init = any(isinstance(s.state, Terminated) and s.state.exit_code for s in pod.init if not s.restartable_init)
        succeeded = all(end is not None and end.exit_code == 0 for end in ended) and not failed_init
        return "Succeeded" if succeeded else "Failed"
    if incomplete_init(pod.init):
        return "Pending"
    if any(isinstance(status.state, Waiting) and status.last_state is None for status in pod.main):
        return "Pending"
    counted = [*pod.main, *(status for status in pod.init if status.restartable_init)]
    if any(isinstance(status.state, Running) for status in counted) or pod.restart_policy == "Always":
        return "Running"
    succeeded = all(end is not None and end.exit_code == 0 for end in ended)
    return "Succeeded" if succeeded else {"Never": "Failed"}.get(pod.restart_policy, "Running")


def _failure(pod: PodState) -> tuple[str, str] | None:
    # As a kubelet: a phase that is the last one is not told while a container still runs.
    return None if any(isinstance(status.state, Running) for status in (*pod.init, *pod.main)) else pod.failure


def _ended(status: ContainerStatus) -> Terminated | None:
    if isinstance(status.state, Terminated):
        return status.state
    return status.last_state if isinstance(status.state, Waiting) else None


def is_ready(pod: PodState) -> bool:
    """Whether the pod may get requests: all containers (and sidecars) ready, gates open, not terminating."""
    return containers_ready(pod) and all(pod.gates.values())


def containers_ready(pod: PodState) -> bool:
    """Whether all containers and sidecars are ready and the pod is not about to go."""
    return not pod.terminating and not pod.finished and not pod.failure and not unready(pod)


def unready(pod: PodState) -> list[str]:
    """Names of the containers that are not ready."""
    counted = [*(status for status in pod.init if status.restartable_init), *pod.main]
    return [status.name for status in counted if not status.ready]


def conditions_of(pod: PodState, previous: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The pod's conditions; lastTransitionTime moves only when a condition's status does."""
    phase = phase_of(pod)
    incomplete = incomplete_init(pod.init)
    wanted = [
        _condition("PodReadyToStartContainers", bool(pod.pod_ip) and not pod.finished),
        _condition("Initialized", not incomplete, "ContainersNotInitialized", _named("incomplete", incomplete)),
        _condition("ContainersReady", containers_ready(pod), *_why_not_ready(pod, phase)),
        _condition("Ready", is_ready(pod), *_why_not_ready(pod, phase)),
        _condition("PodScheduled", True),
    ]
    before = {condition["type"]: condition for condition in previous}
    result = []
    for condition in wanted:
        old = before.get(condition["type"])
        unchanged = old is not None and old.get("status") == condition["status"] and old.get("lastTransitionTime")
        condition["lastTransitionTime"] = old["lastTransitionTime"] if old and unchanged else rfc3339(now)
        if pod.generation is not None:
            condition["observedGeneration"] = pod.generation
        result.append(condition)
    return result


def _named(what: str, names: list[str]) -> str:
    return f"containers with {what} status: [{' '.join(names)}]"


def _why_not_ready(pod: PodState, phase: str) -> tuple[str, str]:
    if phase == "Succeeded":
        return "PodCompleted", ""
    if phase == "Failed":
        return "PodFailed", ""
    if pod.terminating and not unready(pod):
        return "PodTerminating", "the pod is being deleted"
    if not unready(pod):
        closed = sorted(name for name, open_ in pod.gates.items() if not open_)
        return "ReadinessGatesNotReady", f"the readiness gates are not true: {' '.join(closed)}"
    return "ContainersNotReady", _named("unready", unready(pod))


def _condition(kind: str, value: bool, reason: str = "", message: str = "") -> dict[str, Any]:
    # Explicit nulls: a strategic merge patch keeps the reason of yesterday otherwise.
    return {
        "type": kind,
        "status": "True" if value else "False",
        "lastProbeTime": None,
        "reason": None if value or not reason else reason,
        "message": None if value or not message else message,
    }


def status_patch(pod: PodState, previous: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """The pod's status as a strategic merge patch."""
    reason, message = _failure(pod) or (None, None)
    status: dict[str, Any] = {
        "phase": phase_of(pod),
        "reason": reason,
        "message": message,
        "conditions": conditions_of(pod, previous, now),
        "containerStatuses": [container_json(status) for status in pod.main],
        "observedGeneration": pod.generation,
    }
    if pod.init:
        status["initContainerStatuses"] = [container_json(status) for status in pod.init]
    if pod.pod_ip:
        status["podIP"] = pod.pod_ip
        # Lists keyed by ip would keep the address of a former life.
        status["podIPs"] = [{"$patch": "replace"}, {"ip": pod.pod_ip}]
    if pod.host_ip:
        status["hostIP"] = pod.host_ip
        status["hostIPs"] = [{"$patch": "replace"}, {"ip": pod.host_ip}]
    if pod.started_at:
        status["startTime"] = rfc3339(pod.started_at)
    return status


def container_json(status: ContainerStatus) -> dict[str, Any]:
    """One entry of containerStatuses."""
    return {
        "name": status.name,
        "image": status.image,
        "imageID": status.image_id,
        "ready": status.ready,
        "started": status.started,
        "restartCount": status.restart_count,
        "containerID": status.container_id,
        "state": _state_json(status.state),
        "lastState": _state_json(status.last_state) if status.last_state else {},
    }


def _state_json(state: State) -> dict[str, Any]:
    match state:
        case Waiting():
            return {"waiting": _without_empty({"reason": state.reason, "message": state.message})}
        case Running():
            return {"running": {"startedAt": rfc3339(state.started_at)}}
        case Terminated():
            body = {
                "exitCode": state.exit_code,
                "reason": state.reason,
                "message": state.message,
                "startedAt": rfc3339(state.started_at) if state.started_at else None,
                "finishedAt": rfc3339(state.finished_at) if state.finished_at else None,
                "containerID": state.container_id,
            }
            return {"terminated": _without_empty(body)}


def _without_empty(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value not in (None, "")}


def ended_by_removal(status: ContainerStatus) -> ContainerStatus:
    """The final state of a container of a pod that is gone: what it last was, or unknown when it never ran."""
    if isinstance(status.state, Terminated):
        return replace(status, ready=False, started=False)
    final = status.last_state or Terminated(
        137, "ContainerStatusUnknown", None, None, "The container never ran before the pod was terminated"
    )
    return replace(status, state=final, ready=False, started=False)
