"""What is known of a running cluster: `cluster.json` and the files beside it, one folder per cluster."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import Unavailable
from harness.plan.controls import lapsed_controls
from harness.plan.model import Controls
from harness.stack.address import Networks
from harness.stack.location import check_name, state_root
from harness.stack.pki import write_private
from harness.stack.process import ProcessRecord, record


class Phase(StrEnum):
    """Where a cluster or a part is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    ENDED = "ended"


class Options(BaseModel):
    """What `up` was asked for. `owner` is a process without which the cluster shall not live on."""

    model_config = ConfigDict(extra="forbid")

    name: str = "default"
    lapse: float = 1.0
    controls: Controls = Controls()
    images: list[Path] = []
    probe_lapse: float = 1.0
    backoff_base_seconds: float = 10.0
    bin_dir: Path | None = None
    owner: ProcessRecord | None = None
    timeout_seconds: float = 120.0


class PartState(BaseModel):
    """One part: its process, ports, how long it took to get ready, and why it failed if it did."""

    name: str
    phase: Phase = Phase.WAITING
    process: ProcessRecord | None = None
    ports: dict[str, int] = {}
    health_url: str = ""
    log: Path
    ready_after_seconds: float | None = None
    failure: str = ""


class ClusterState(BaseModel):
    """Everything a client of the cluster needs, but no secret: those are in `secrets`."""

    name: str
    folder: Path
    index: int
    phase: Phase = Phase.STARTING
    failure: str = ""
    lapse: float = 1.0
    controls: Controls = Controls()
    kubeconfig: Path
    context: str
    api_url: str
    pod_cidr: str
    service_cidr: str
    node_name: str
    prometheus_url: str
    alertmanager_url: str
    caddy_admin_url: str
    state_metrics_url: str
    agent_url: str
    supervisor: ProcessRecord
    binaries: dict[str, Path]
    parts: list[PartState] = []
    ready_after_seconds: float | None = None

    @property
    def secrets_path(self) -> Path:
        """Where the generated passwords lie (mode 0600)."""
        return self.folder / "secrets.json"

    @property
    def secrets(self) -> Secrets:
        """The generated passwords, read when they are needed."""
        return Secrets.model_validate_json(self.secrets_path.read_text())

    @property
    def rules_folder(self) -> Path:
        """Where Prometheus reads its rule files."""
        return self.folder / "prometheus" / "rules"

    def part(self, name: str) -> PartState:
        """The part of that name. Raises Unavailable, naming those there are."""
        for candidate in self.parts:
            if candidate.name == name:
                return candidate
        names = ", ".join(candidate.name for candidate in self.parts)
        raise Unavailable(f"Cluster '{self.name}' has no part '{name}'; it has {names}.")


class Secrets(BaseModel):
    """Passwords generated for one cluster."""

    postgres_admin_dsn: str
    app_dsn: str
    app_host: str
    app_port: int
    app_database: str
    app_user: str
    app_password: str


def folder_of(name: str) -> Path:
    """The folder of the cluster of that name, whether or not it exists."""
    return state_root() / check_name(name)


def new_state(folder: Path, options: Options, binaries: dict[str, Path], index: int, ports: dict[str, int]) -> ClusterState:
    """The state of a cluster that this process is about to start."""
    networks = Networks(index)

    def url(port: str) -> str:
        return f"http://127.0.0.1:{ports[port]}"

    return ClusterState(
        name=options.name,
        folder=folder,
        index=index,
        lapse=options.lapse,
        controls=lapsed_controls(options.controls, options.lapse).value,
        kubeconfig=folder / "kubeconfig",
        context=f"generalprobe-{options.name}",
        api_url=f"https://127.0.0.1:{ports['kube-apiserver']}",
        pod_cidr=str(networks.pods),
        service_cidr=str(networks.services),
        node_name=f"generalprobe-{options.name}".lower().replace("_", "-"),
        prometheus_url=url("prometheus"),
        alertmanager_url=url("alertmanager"),
        caddy_admin_url=url("caddy-admin"),
        state_metrics_url=url("state-metrics"),
        agent_url=url("agent"),
        supervisor=record("supervisor", os.getpid()),
        binaries=binaries,
    )


def write_state(state: ClusterState) -> None:
    """Write `cluster.json`, whole or not at all."""
    write_private(state.folder / "cluster.json", state.model_dump_json(indent=1))


def read_state(folder: Path) -> ClusterState | None:
    """The state in a cluster's folder; None when there is none that can be read."""
    try:
        return ClusterState.model_validate_json((folder / "cluster.json").read_text())
    except (OSError, ValidationError):
        return None


def write_processes(folder: Path, records: list[ProcessRecord]) -> None:
    """Remember every process of the cluster, so that a later command can end what a crash left."""
    write_private(folder / "processes.json", json.dumps([known.model_dump() for known in records]))


def read_processes(folder: Path) -> list[ProcessRecord]:
    """The processes remembered in a cluster's folder, in the order they were started."""
    try:
        entries = json.loads((folder / "processes.json").read_text())
        return [ProcessRecord.model_validate(entry) for entry in entries]
    except (OSError, ValueError):
        return []


def write_order(folder: Path, options: Options, binaries: dict[str, Path]) -> None:
    """Write down what a supervisor is to start, before it is started."""
    order = {
        "options": options.model_dump(mode="json"),
        "binaries": {name: str(path) for name, path in binaries.items()},
    }
    write_private(folder / "order.json", json.dumps(order, indent=1))


def read_order(folder: Path) -> tuple[Options, dict[str, Path]]:
    """What the cluster in `folder` was ordered to be: options, and the program of each part."""
    order = json.loads((folder / "order.json").read_text())
    binaries = {name: Path(path) for name, path in order["binaries"].items()}
    return Options.model_validate(order["options"]), binaries
