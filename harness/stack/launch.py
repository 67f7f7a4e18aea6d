"""How each part is started: its command line, what it needs first, and how its readiness shows. Pure but for files."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.stack.address import Networks
from harness.stack.configuration import alertmanager_config, caddy_base_config, prometheus_config
from harness.stack.constants import go_duration
from harness.stack.pki import write_private
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


def launches(layout: Layout) -> list[Launch]:
    """Every part of the cluster but PostgreSQL, in the order in which they are stopped last to first."""
    return [
        _etcd(layout),
        _apiserver(layout),
        _caddy(layout),
        _controller_manager(layout),
        _scheduler(layout),
        _keda_operator(layout),
        _keda_adapter(layout),
        _alertmanager(layout),
        _prometheus(layout),
        _agent(layout),
    ]


def _etcd(layout: Layout) -> Launch:
    pki, ports = layout.pki, layout.ports
    client = f"https://127.0.0.1:{ports['etcd']}"
    peer = f"https://127.0.0.1:{ports['etcd-peer']}"
    metrics = f"http://127.0.0.1:{ports['etcd-metrics']}"
    tls = (f"--cert-file={pki}/etcd.crt", f"--key-file={pki}/etcd.key", f"--trusted-ca-file={pki}/ca.crt")
    peer_tls = tuple(flag.replace("--", "--peer-", 1) for flag in tls)
    return Launch(
        "etcd",
        (
            layout.binary("etcd"),
            f"--data-dir={layout.folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            f"--listen-metrics-urls={metrics}",
            "--client-cert-auth",
            "--peer-client-cert-auth",
            *tls,
            *peer_tls,
            # Thrown away with the cluster.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
        needs=(),
        ports=layout.some("etcd", "etcd-peer", "etcd-metrics"),
        health_url=f"{metrics}/health",
    )


def _apiserver(layout: Layout) -> Launch:
    pki, port = layout.pki, layout.ports["kube-apiserver"]
    return Launch(
        "kube-apiserver",
        (
            layout.binary("kube-apiserver"),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            # The API refuses loopback here; nothing is ever sent to this address (RFC 5737).
            "--advertise-address=192.0.2.1",
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={Networks(layout.state.index).services}",
            "--authorization-mode=RBAC",
            # No pod of ours talks to the API, so none waits for a token.
            "--disable-admission-plugins=ServiceAccount",
            f"--etcd-servers=https://127.0.0.1:{layout.ports['etcd']}",
            f"--etcd-cafile={pki}/ca.crt",
            f"--etcd-certfile={pki}/etcd.crt",
            f"--etcd-keyfile={pki}/etcd.key",
            f"--tls-cert-file={pki}/serving.crt",
            f"--tls-private-key-file={pki}/serving.key",
            f"--client-ca-file={pki}/ca.crt",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/service-account.pub",
            f"--service-account-signing-key-file={pki}/service-account.key",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
            # For `kubectl logs`: the node agent answers only those the cluster's authority knows.
            f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--profiling=false",
        ),
        needs=("etcd",),
        ports=layout.some("kube-apiserver"),
        # Half the garbage of its start: 110 MB less for a start that is no slower.
        environ={"GOGC": "50"},
        health_url=f"https://127.0.0.1:{port}/readyz",
    )


def _controller_manager(layout: Layout) -> Launch:
    pki, port, constants = layout.pki, layout.ports["kube-controller-manager"], layout.state.constants
    off = (
        "endpointslice-controller",
        "endpoints-controller",
        "endpointslice-mirroring-controller",
        "node-ipam-controller",
        "node-route-controller",
        "service-lb-controller",
        "cloud-node-lifecycle-controller",
    )
    return Launch(
        "kube-controller-manager",
        (
            layout.binary("kube-controller-manager"),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--kubeconfig={pki}/controller-manager.kubeconfig",
            f"--authentication-kubeconfig={pki}/controller-manager.kubeconfig",
            f"--authorization-kubeconfig={pki}/controller-manager.kubeconfig",
            "--leader-elect=false",
            "--controllers=" + ",".join(["*", *(f"-{name}" for name in off)]),
            f"--service-account-private-key-file={pki}/service-account.key",
            f"--root-ca-file={pki}/ca.crt",
            f"--horizontal-pod-autoscaler-sync-period={go_duration(constants.hpa_sync_period)}",
            "--horizontal-pod-autoscaler-downscale-stabilization=" + go_duration(constants.hpa_downscale_stabilization),
            "--horizontal-pod-autoscaler-cpu-initialization-period=" + go_duration(constants.hpa_cpu_initialization_period),
            "--horizontal-pod-autoscaler-initial-readiness-delay=" + go_duration(constants.hpa_initial_readiness_delay),
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ),
        needs=("kube-apiserver",),
        ports=layout.some("kube-controller-manager"),
        health_url=f"https://127.0.0.1:{port}/healthz",
    )


def _scheduler(layout: Layout) -> Launch:
    pki, port = layout.pki, layout.ports["kube-scheduler"]
    return Launch(
        "kube-scheduler",
        (
            layout.binary("kube-scheduler"),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--kubeconfig={pki}/scheduler.kubeconfig",
            f"--authentication-kubeconfig={pki}/controller-manager.kubeconfig",
            f"--authorization-kubeconfig={pki}/controller-manager.kubeconfig",
            "--leader-elect=false",
            "--profiling=false",
        ),
        needs=("kube-apiserver",),
        ports=layout.some("kube-scheduler"),
        health_url=f"https://127.0.0.1:{port}/readyz",
    )


def _keda_environ(layout: Layout) -> dict[str, str]:
    return {
        "KUBECONFIG": f"{layout.pki}/keda.kubeconfig",
        "POD_NAMESPACE": "keda",
        "WATCH_NAMESPACE": "",
        "KEDA_CLUSTER_OBJECT_NAMESPACE": "keda",
    }


def _keda_operator(layout: Layout) -> Launch:
    ports = layout.ports
    return Launch(
        "keda-operator",
        (
            layout.binary("keda-operator"),
            f"--metrics-bind-address=127.0.0.1:{ports['keda-operator-metrics']}",
            f"--health-probe-bind-address=127.0.0.1:{ports['keda-operator-probe']}",
            f"--metrics-service-bind-address=127.0.0.1:{ports['keda-operator-grpc']}",
            f"--cert-dir={layout.pki}/keda",
            "--enable-webhook-patching=false",
            "--enable-apiservice-patching=false",
            "--leader-elect=false",
            "--kube-api-qps=100",
            "--kube-api-burst=200",
            "--zap-log-level=info",
        ),
        needs=("api-objects",),
        ports=layout.some("keda-operator-metrics", "keda-operator-probe", "keda-operator-grpc"),
        health_url=f"http://127.0.0.1:{ports['keda-operator-probe']}/readyz",
        environ=_keda_environ(layout),
    )


def _keda_adapter(layout: Layout) -> Launch:
    ports, pki = layout.ports, layout.pki
    kubeconfigs = (f"--{use}-kubeconfig={pki}/keda.kubeconfig" for use in ("lister", "authentication", "authorization"))
    return Launch(
        "keda-adapter",
        (
            layout.binary("keda-adapter"),
            "--bind-address=127.0.0.1",
            f"--secure-port={ports['keda-adapter']}",
            f"--port={ports['keda-adapter-metrics']}",
            f"--metrics-service-address=localhost:{ports['keda-operator-grpc']}",
            "--metrics-service-grpc-authority=keda-operator.keda.svc",
            f"--cert-dir={pki}/keda",
            f"--tls-cert-file={pki}/keda/tls.crt",
            f"--tls-private-key-file={pki}/keda/tls.key",
            *kubeconfigs,
        ),
        needs=("api-objects",),
        ports=layout.some("keda-adapter", "keda-adapter-metrics"),
        health_url=f"https://127.0.0.1:{ports['keda-adapter']}/readyz",
        environ=_keda_environ(layout),
    )


def _prometheus(layout: Layout) -> Launch:
    home, port = layout.folder / "prometheus", layout.ports["prometheus"]
    for name in ("rules", "scrape", "data"):
        (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    config = prometheus_config(layout.state.constants, layout.pki / "prometheus.kubeconfig", home, dict(layout.ports))
    write_private(home / "prometheus.yml", config)
    return Launch(
        "prometheus",
        (
            layout.binary("prometheus"),
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/data",
            "--storage.tsdb.retention.time=1d",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
            "--log.level=warn",
        ),
        needs=("kube-apiserver",),
        ports=layout.some("prometheus"),
        health_url=f"http://127.0.0.1:{port}/-/ready",
    )


def _alertmanager(layout: Layout) -> Launch:
    home, port = layout.folder / "alertmanager", layout.ports["alertmanager"]
    (home / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(home / "alertmanager.yml", alertmanager_config())
    return Launch(
        "alertmanager",
        (
            layout.binary("alertmanager"),
            f"--config.file={home}/alertmanager.yml",
            f"--storage.path={home}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ),
        needs=("kube-apiserver",),
        ports=layout.some("alertmanager"),
        health_url=f"http://127.0.0.1:{port}/-/ready",
    )


def _caddy(layout: Layout) -> Launch:
    home, port = layout.folder / "caddy", layout.ports["caddy-admin"]
    home.mkdir(exist_ok=True, mode=0o700)
    write_private(home / "caddy.json", json.dumps(caddy_base_config(port)))
    return Launch(
        "caddy",
        (layout.binary("caddy"), "run", "--config", f"{home}/caddy.json"),
        needs=(),
        ports=layout.some("caddy-admin", "caddy-nobody"),
        health_url=f"http://127.0.0.1:{port}/config/",
        environ={"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)},
    )


def _agent(layout: Layout) -> Launch:
    port = layout.ports["state-metrics"]
    return Launch(
        "agent",
        (sys.executable, "-m", "harness.stack.agent", str(layout.folder)),
        needs=("kube-apiserver", "caddy"),
        ports=layout.some("agent", "state-metrics"),
        health_url=f"http://127.0.0.1:{port}/readyz",
        environ={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stop_grace_seconds=15.0,
    )
