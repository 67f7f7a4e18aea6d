"""What stands beside the control plane: Caddy, Prometheus, Alertmanager, the agent, and parts added on request.

Writes the configuration files they are started with.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from harness.errors import BadInput
from harness.stack.configuration import alertmanager_config, caddy_base_config, prometheus_config
from harness.stack.launch import Launch, Layout
from harness.stack.pki import write_private


def companions(layout: Layout) -> list[Launch]:
    """What every cluster has."""
    return [_caddy(layout), _alertmanager(layout), _prometheus(layout), _agent(layout)]


def extra(layout: Layout, name: str, program: str, port: int) -> Launch:
    """A part that runs only when asked for. Raises BadInput, naming those there are."""
    if name not in _EXTRAS:
        raise BadInput(f"'{name}' cannot be added to a cluster; {' and '.join(sorted(_EXTRAS))} can.")
    return _EXTRAS[name](layout, program, port)


def _prometheus(layout: Layout) -> Launch:
    home, port = layout.folder / "prometheus", layout.ports["prometheus"]
    for name in ("rules", "scrape", "data"):
        (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    config = prometheus_config(layout.state.controls, layout.pki / "prometheus.kubeconfig", home, dict(layout.ports))
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


def _toxiproxy(layout: Layout, program: str, port: int) -> Launch:
    """Latency, loss and black holes between two TCP ends, by its HTTP interface (github.com/Shopify/toxiproxy)."""
    args = (program, "-host", "127.0.0.1", "-port", str(port))
    return Launch("toxiproxy", args, (), {"toxiproxy": port}, health_url=f"http://127.0.0.1:{port}/version")


def _kwok(layout: Layout, program: str, port: int) -> Launch:
    """Fake nodes in any number, for tests of scale: those with the annotation kwok.x-k8s.io/node=fake."""
    args = (
        program,
        f"--kubeconfig={layout.pki}/agent.kubeconfig",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        "--node-ip=192.0.2.2",
        f"--server-address=127.0.0.1:{port}",
    )
    return Launch("kwok", args, (), {"kwok": port}, health_url=f"http://127.0.0.1:{port}/healthz")


_EXTRAS: dict[str, Callable[[Layout, str, int], Launch]] = {"toxiproxy": _toxiproxy, "kwok": _kwok}
