"""The settings of one node agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class NodeSettings:
    """What a node agent needs to know; every duration is in seconds.

    Attributes:
        root: folder of this agent alone: pod folders, logs, the record of its processes.
        images: image tables, earlier ones first in rank.
        status_port: port of the status server on ``host_ip``; 0 takes a free one, None starts no server.
        backoff_base: first restart delay; it doubles to 30 times this and is forgotten after 60 times this.
        probe_lapse: initialDelaySeconds and periodSeconds of probes are divided by it; timeouts are not.
        stop_grace: upper bound of a pod's grace period when the agent itself stops.
        pod_niceness: 0 to 19, how much lower than the agent's the CPU priority of its containers is.
        remove_node: delete the Node object on stop instead of marking it NotReady.
    """

    kubeconfig: Path
    node_name: str
    pod_cidr: str
    images: tuple[Path, ...]
    root: Path
    cpu: str = "8"
    memory: str = "24Gi"
    pods: int = 110
    host_ip: str = "127.0.0.1"
    status_port: int | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    backoff_base: float = 10.0
    probe_lapse: float = 1.0
    stop_grace: float = 5.0
    pod_niceness: int = 0
    remove_node: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    lease_duration: int = 40
    heartbeat_period: float = 10.0
