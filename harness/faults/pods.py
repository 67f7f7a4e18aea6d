"""Killing pods: the actions and probes of chaos/kill-pods.yaml. Plain functions, found by chaostoolkit by their names."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.errors import Vetoed
from harness.safety.cluster import FAILURES, TIMEOUT_SECONDS, connect, refuse
from harness.safety.guard import check_namespace

Secrets = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Victim:
    """A pod that was asked to be killed. `ports`: what its containers listen on."""

    name: str
    uid: str
    ip: str
    ports: tuple[int, ...]


# chaostoolkit hands nothing from one activity to the next, and runs one experiment per process: what was killed in this
# process is kept here, and nowhere else.
_VICTIMS: list[Victim] = []


def enough_ready(namespace: str, selector: str, count: int, context: str = "", secrets: Secrets | None = None) -> bool:
    """Whether at least `count` pods of the selector (and at least one) are ready."""
    return len(ready_pods(_core(secrets, context), namespace, selector)) >= max(1, count)


def kill(
    namespace: str,
    selector: str,
    count: int,
    grace_seconds: int = 0,
    context: str = "",
    secrets: Secrets | None = None,
) -> dict[str, Any]:
    """Delete the `count` ready pods that have served longest. Grace 0 (the default) is a crash: no SIGTERM, no preStop.

    Returns {"killed": [{"name", "uid"}]}; empty where nothing matches. Raises Vetoed for an empty selector, which would
    mean every pod of the namespace, and for a namespace that did not opt in.
    """
    core = _core(secrets, context)
    check_namespace(core, namespace, context)
    for pod in ready_pods(core, namespace, selector)[: max(0, count)]:
        victim = Victim(
            name=pod.metadata.name,
            uid=pod.metadata.uid,
            ip=pod.status.pod_ip or "",
            ports=tuple(p.container_port for c in pod.spec.containers for p in c.ports or ()),
        )
        _VICTIMS.append(victim)
        try:
            core.delete_namespaced_pod(
                victim.name,
                namespace,
                # Exactly this pod, not one that took its name meanwhile.
                body=client.V1DeleteOptions(
                    grace_period_seconds=grace_seconds, preconditions=client.V1Preconditions(uid=victim.uid)
                ),
                _request_timeout=TIMEOUT_SECONDS,
            )
        except ApiException as error:
            if error.status not in (404, 409):
                refuse(f"The pod {victim.name} cannot be killed", error)
            _VICTIMS.remove(victim)  # it went by itself in this very moment, which is not our effect
    return {"killed": [{"name": victim.name, "uid": victim.uid} for victim in _VICTIMS]}


def killed_are_gone(
    namespace: str, within_seconds: float, context: str = "", secrets: Secrets | None = None
) -> dict[str, Any]:
    """Whether every pod that `kill` took is gone by uid, and on loopback also answers on no port. Waits up to a limit.

    Returns {"seen", "gone", "left"}; `seen` is False where nothing was killed.
    """
    left = _wait_gone(_core(secrets, context), namespace, within_seconds)
    names = {victim.name for victim in left}
    return {
        "seen": bool(_VICTIMS) and not left,
        "gone": [{"name": v.name, "uid": v.uid} for v in _VICTIMS if v.name not in names],
        "left": sorted(names),
    }


def none_half_deleted(namespace: str, within_seconds: float, context: str = "", secrets: Secrets | None = None) -> bool:
    """Whether no pod that `kill` took is still on its way out. True where nothing was killed."""
    return not _wait_gone(_core(secrets, context), namespace, within_seconds)


def ready_pods(core: Any, namespace: str, selector: str) -> list[Any]:
    """Pods of the selector that are Ready and not leaving, the one ready for longest first. Raises Vetoed, Unavailable."""
    if not selector.strip():
        raise Vetoed("An empty selector would mean every pod of the namespace; name the pods, e.g. territory=DE.")
    try:
        found = core.list_namespaced_pod(namespace, label_selector=selector, _request_timeout=TIMEOUT_SECONDS).items
    except FAILURES as error:
        refuse(f"The pods of '{selector}' cannot be listed", error)
    ready = []
    for pod in found:
        since = next((c.last_transition_time for c in pod.status.conditions or () if _is_ready(c)), None)
        if since is not None and pod.metadata.deletion_timestamp is None:
            ready.append((since, pod.metadata.name, pod))
    return [pod for _, _, pod in sorted(ready, key=lambda each: each[:2])]


def _is_ready(condition: Any) -> bool:
    return bool(condition.type == "Ready" and condition.status == "True" and condition.last_transition_time)


def _wait_gone(core: Any, namespace: str, within_seconds: float) -> Sequence[Victim]:
    deadline = time.monotonic() + within_seconds
    while True:
        left = [victim for victim in _VICTIMS if _exists(core, namespace, victim) or _answers(core, namespace, victim)]
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(0.1)


def _exists(core: Any, namespace: str, victim: Victim) -> bool:
    try:
        pod = core.read_namespaced_pod(victim.name, namespace, _request_timeout=TIMEOUT_SECONDS)
    except FAILURES as error:
        if getattr(error, "status", None) == 404:
            return False
        refuse(f"Whether the pod {victim.name} is gone cannot be seen", error)
    return bool(pod.metadata.uid == victim.uid)


def _answers(core: Any, namespace: str, victim: Victim) -> bool:
    """Whether the killed process still accepts connections. Only asked on loopback, where pods are processes here."""
    if not victim.ip.startswith("127."):
        return False
    for port in victim.ports:
        try:
            socket.create_connection((victim.ip, port), timeout=0.5).close()
        except OSError:
            continue
        heirs = core.list_namespaced_pod(namespace, _request_timeout=TIMEOUT_SECONDS).items
        return not any(pod.status.pod_ip == victim.ip and pod.metadata.uid != victim.uid for pod in heirs)
    return False


def _core(secrets: Secrets | None, context: str) -> Any:
    return client.CoreV1Api(connect((secrets or {}).get("KUBECONFIG", ""), context or None))
