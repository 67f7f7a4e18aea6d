"""What the tests of the embedded cluster do with it, and a small program that serves as a pod."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml

from harness.stack.state import ClusterState

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
"""Seconds to wait for what has to happen at some time: other tests keep the machine busy, none of these measures time."""
ECHO = """
import http.server, os, signal, socketserver, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = os.environ["POD_IP"].encode()
        if self.path == "/metrics":
            body = b"echo_up 1\\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

server = Server((os.environ["POD_IP"], 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Timer(1.5, os._exit, (0,)).start())
print("serving", flush=True)
server.serve_forever()
"""


def deployment(name: str, image: str, replicas: int = 1, **pod: Any) -> dict[str, Any]:
    """A Deployment of one container; with image `echo` it answers with its own address on port 8080."""
    labels = {"app": name, "app.kubernetes.io/name": name, "territory": "de"}
    container: dict[str, Any] = {
        "name": "main",
        "image": image,
        "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "resources": {"requests": {"cpu": "10m"}},
    }
    if image == "echo":
        container["ports"] = [{"name": "http", "containerPort": 8080}]
        container["readinessProbe"] = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1}
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"} if image == "echo" else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {"terminationGracePeriodSeconds": 5, "containers": [container], **pod},
            },
        },
    }


def service(name: str, app: str, port: int = 80) -> dict[str, Any]:
    """A Service in front of the Deployment `app`."""
    ports = [{"port": port, "targetPort": "http"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": ports},
    }


class Kubectl:
    """The real kubectl, on one cluster."""

    def __init__(self, state: ClusterState) -> None:
        self._environ = {**os.environ, "KUBECONFIG": str(state.kubeconfig)}

    def __call__(self, *args: str, given: str = "") -> str:
        done = subprocess.run(
            ["kubectl", *args],
            input=given,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change objects."""
        self("apply", "-f", "-", given="---\n".join(yaml.safe_dump(found) for found in objects))

    def get(self, *args: str) -> Any:
        """What `kubectl get` says, as JSON."""
        return json.loads(self("get", *args, "-o", "json"))


def get(url: str, **options: Any) -> httpx.Response:
    """The answer to a GET, however long it takes."""
    return httpx.get(url, timeout=PATIENCE, **options)


def eventually(check: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `check` returns, once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, f"not true within {seconds} s: last was {found!r}"
        time.sleep(0.1)
    return found


def rehearse(*args: str, state_home: Path) -> subprocess.CompletedProcess[str]:
    """The command line, as a person runs it."""
    environ = {**os.environ, "XDG_STATE_HOME": str(state_home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "harness.cli.main", *args]
    return subprocess.run(command, capture_output=True, text=True, env=environ, cwd="/", timeout=PATIENCE, check=False)
