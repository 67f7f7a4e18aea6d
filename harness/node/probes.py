"""What a probe asks, and when its answers count.

Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from harness.node.errors import ContainerConfigError

ProbeKind = Literal["startup", "readiness", "liveness"]


@dataclass(frozen=True)
class HttpGet:
    """An HTTP GET; an empty host means the pod's IP."""

    port: int
    path: str = "/"
    host: str = ""
    scheme: str = "HTTP"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TcpSocket:
    """A TCP connect; an empty host means the pod's IP."""

    port: int
    host: str = ""


@dataclass(frozen=True)
class Exec:
    """A command that succeeds with exit code 0."""

    command: tuple[str, ...]


@dataclass(frozen=True)
class Sleep:
    """A pause, for lifecycle hooks only."""

    seconds: float


Action = HttpGet | TcpSocket | Exec | Sleep


@dataclass(frozen=True)
class ProbeSpec:
    """A probe with its times in seconds, already divided by the lapse (timeout excepted)."""

    kind: ProbeKind
    action: Action
    initial_delay: float
    period: float
    timeout: float
    success_threshold: int
    failure_threshold: int
    grace_period: float | None = None


@dataclass(frozen=True)
class ProbeResult:
    """One answer; the message says what was wrong."""

    ok: bool
    message: str = ""


@dataclass(frozen=True)
class Tally:
    """Answers in a row. ``passing`` changes only when a threshold is met; None until then."""

    success_threshold: int
    failure_threshold: int
    passing: bool | None = None
    last_ok: bool | None = None
    in_row: int = 0

    def after(self, ok: bool) -> Tally:
        """The tally with one more answer."""
        in_row = self.in_row + 1 if ok == self.last_ok else 1
        needed = self.success_threshold if ok else self.failure_threshold
        return replace(self, last_ok=ok, in_row=in_row, passing=ok if in_row >= needed else self.passing)


def read_probe(kind: ProbeKind, container: Mapping[str, Any], lapse: float = 1.0) -> ProbeSpec | None:
    """The container's probe of a kind, or None.

    Raises:
        ContainerConfigError: it names a port that the container does not have, or asks in a way this node cannot.
    """
    raw = container.get(f"{kind}Probe")
    if not raw:
        return None
    return ProbeSpec(
        kind=kind,
        action=read_action(raw, container),
        initial_delay=float(raw.get("initialDelaySeconds") or 0) / lapse,
        period=float(raw.get("periodSeconds") or 10) / lapse,
        timeout=float(raw.get("timeoutSeconds") or 1),
        success_threshold=int(raw.get("successThreshold") or 1),
        failure_threshold=int(raw.get("failureThreshold") or 3),
        grace_period=raw.get("terminationGracePeriodSeconds"),
    )


def read_action(raw: Mapping[str, Any], container: Mapping[str, Any]) -> Action:
    """What a probe or a lifecycle hook does.

    Raises:
        ContainerConfigError: as in read_probe.
    """
    if http := raw.get("httpGet"):
        path = http.get("path") or "/"
        return HttpGet(
            port=port_number(http["port"], container),
            path=path if path.startswith("/") else f"/{path}",
            host=http.get("host") or "",
            scheme=(http.get("scheme") or "HTTP").upper(),
            headers=tuple((h["name"], h.get("value", "")) for h in http.get("httpHeaders") or []),
        )
    if tcp := raw.get("tcpSocket"):
        return TcpSocket(port=port_number(tcp["port"], container), host=tcp.get("host") or "")
    if execute := raw.get("exec"):
        return Exec(tuple(execute.get("command") or []))
    if "sleep" in raw:
        return Sleep(float((raw["sleep"] or {}).get("seconds", 0)))
    raise ContainerConfigError(
        f"container {container.get('name')} asks for {', '.join(raw)}; this node knows httpGet, tcpSocket, exec and sleep"
    )


def port_number(port: int | str, container: Mapping[str, Any]) -> int:
    """A port by number or by its name among the container's ports.

    Raises:
        ContainerConfigError: the container has no port of that name.
    """
    if isinstance(port, int) or str(port).isdigit():
        return int(port)
    for entry in container.get("ports") or []:
        if entry.get("name") == port:
            return int(entry["containerPort"])
    raise ContainerConfigError(f"container {container.get('name')} has no port named {port}")
