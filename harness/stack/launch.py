"""What starting a part takes: its command line, what it needs first, how its readiness shows."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.stack.state import ClusterState, Options

PORTS = (
    "etcd",
    "etcd-peer",
    "etcd-metrics",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "keda-operator-metrics",
    "keda-operator-probe",
    "keda-operator-grpc",
    "keda-adapter",
    "keda-adapter-metrics",
    "prometheus",
    "alertmanager",
    "postgres",
    "caddy-admin",
    "caddy-nobody",
    "agent",
    "state-metrics",
)
"""Every port a cluster listens on, chosen when it starts."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One process to be. It is started once all of `needs` are ready; it is ready when `health_url` answers 200."""

    name: str
    args: tuple[str, ...]
    needs: tuple[str, ...]
    ports: Mapping[str, int]
    health_url: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None
    death_signal: signal.Signals = signal.SIGKILL
    stop_grace_seconds: float = 5.0
    data: Path | None = None
    """PostgreSQL's data folder: its readiness shows in a file there."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What all command lines are made from."""

    state: ClusterState
    options: Options
    ports: Mapping[str, int]

    @property
    def folder(self) -> Path:
        """The cluster's folder."""
        return self.state.folder

    @property
    def pki(self) -> Path:
        """The folder of its credentials."""
        return self.state.folder / "pki"

    def binary(self, name: str) -> str:
        """The program of a part."""
        return str(self.state.binaries[name])

    def some(self, *names: str) -> dict[str, int]:
        """A choice of the ports."""
        return {name: self.ports[name] for name in names}
