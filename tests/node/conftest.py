"""A real API server and a real node agent, one of each for all tests of this folder."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from harness.node.leftovers import find_leftovers
from harness.stack.build import inherit_environ
from harness.stack.process import spawn
from tests.node import controlplane
from tests.node.controlplane import ControlPlane

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = Path(__file__).parent / "images"
Json = dict[str, Any]
PATIENCE = 120.0  # seconds for what has to happen at some time: other tests keep the machine busy


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    binaries = controlplane.find_binaries()
    if binaries is None:
        pytest.skip("no etcd and kube-apiserver: run `make parts`, or set GENERALPROBE_BIN_DIR")
    with controlplane.running(binaries, tmp_path_factory.mktemp("plane")) as plane:
        yield plane


class Cluster:
    """What a test does to the API server and sees there."""

    def __init__(self, plane: ControlPlane) -> None:
        user = yaml.safe_load(plane.kubeconfig.read_text())["users"][0]["user"]
        headers = {"Authorization": f"Bearer {user['token']}"}
        self.http = httpx.Client(base_url=plane.url, verify=False, headers=headers, timeout=PATIENCE)
        self.wait("the default namespace", lambda: self.http.get("/api/v1/namespaces/default").status_code == 200)

    def wait(self, what: str, check: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        until = time.monotonic() + seconds
        while True:
            with contextlib.suppress(httpx.TransportError):
                if found := check():
                    return found
            if time.monotonic() > until:
                raise AssertionError(f"waited {seconds} s in vain for {what}")
            time.sleep(0.05)

    def create(self, kind: str, body: Json) -> Json:
        answer = self.http.post(f"/api/v1/namespaces/default/{kind}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def lease(self, node: str) -> Json | None:
        """The spec of a node's lease."""
        answer = self.http.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{node}")
        return answer.json()["spec"] if answer.status_code == 200 else None

    def pod(self, name: str) -> Json | None:
        answer = self.http.get(f"/api/v1/namespaces/default/pods/{name}")
        return answer.json() if answer.status_code == 200 else None

    def run(self, node: str, name: str, container: Json | None = None, **spec: Any) -> Json:
        """Create a pod of one or more containers, bound to the node."""
        containers = spec.pop("containers", None) or [{"name": "main", "image": "sh", **(container or {})}]
        body = {"nodeName": node, "terminationGracePeriodSeconds": 2, "containers": containers, **spec}
        metadata: Json = {"name": name, "labels": {"app": name, "tier": "web"}, "annotations": {"note": "hello"}}
        return self.create("pods", {"metadata": metadata, "spec": body})

    def until(self, name: str, what: str, check: Callable[[Json], Any], seconds: float = PATIENCE) -> Json:
        """The pod once ``check(pod)`` holds."""
        last: Json | None = None

        def holds() -> Json | None:
            nonlocal last
            last = self.pod(name)
            return last if last and check(last) else None

        try:
            return self.wait(f"{name}: {what}", holds, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; last seen: {last and last.get('status')}") from None

    def delete(self, name: str, grace: int | None = None) -> None:
        body = {} if grace is None else {"gracePeriodSeconds": grace}
        answer = self.http.request("DELETE", f"/api/v1/namespaces/default/pods/{name}", json=body)
        assert answer.status_code in (200, 202), answer.text

    def until_gone(self, name: str, seconds: float = PATIENCE) -> float:
        began = time.monotonic()
        self.wait(f"{name} to be gone", lambda: self.pod(name) is None, seconds)
        return time.monotonic() - began

    def events(self, name: str) -> list[Json]:
        items = self.http.get("/api/v1/namespaces/default/events").json()["items"]
        return [event for event in items if event["involvedObject"]["name"] == name]

    def until_event(self, name: str, reason: str, text: str = "") -> Json:
        def seen() -> Json | None:
            fitting = (e for e in self.events(name) if e["reason"] == reason and text in e["message"])
            return next(fitting, None)

        try:
            return self.wait(f"event {reason} {text!r} of {name}", seen)
        except AssertionError as error:
            raise AssertionError(f"{error}; seen: {[(e['reason'], e['message']) for e in self.events(name)]}") from None


@pytest.fixture(scope="session")
def cluster(plane: ControlPlane) -> Cluster:
    return Cluster(plane)


class Agent:
    """A running node agent as a program of its own."""

    def __init__(
        self, plane: ControlPlane, name: str, root: Path, cidr: str, *more: str, program: str | None = None
    ) -> None:
        self.name, self.root, self.log = name, root, root.with_suffix(".log")
        self.first_lease: Json = {}
        self.images = root.with_suffix(".images.yaml")
        if not self.images.exists():
            self.images.write_text(yaml.safe_dump({"images": {"sh": {"command": ["sh"]}}}))
        self._argv = [
            *(sys.executable, *(("-c", program) if program else ("-m", "harness.node"))),
            *("--kubeconfig", str(plane.kubeconfig), "--node-name", name),
            *("--pod-cidr", cidr, "--root", str(root), "--images", str(self.images), "--images", str(images_file(root))),
            *("--backoff-base", "0.5", "--status-port", "0", *more),
        ]
        self.start()

    def start(self) -> None:
        # Should the tests be killed, so is the agent, and its warden ends the pods.
        with self.log.open("ab") as log:
            self.process = spawn(self._argv, log, inherit_environ(), REPOSITORY)

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *_: object) -> None:
        """End the agent whatever the test came to; its warden ends what it leaves."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        until = time.monotonic() + PATIENCE
        while left := find_leftovers(self.root):
            assert time.monotonic() < until, f"left by {self.name}: {left}"
            time.sleep(0.05)

    def folder(self, pod: Json, container: str = "main") -> Path:
        """The folder of a container, which is also its working folder."""
        metadata = pod["metadata"]
        return self.root / "pods" / f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}" / container

    def output(self, pod: Json, container: str = "main", run: int = 0) -> str:
        path = self.folder(pod, container) / f"{run}.log"
        return path.read_text() if path.exists() else ""

    def stop(self, seconds: float = PATIENCE) -> int:
        """SIGTERM; the exit code. Raises when the agent takes longer."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not stop within {seconds} s:\n{self.log.read_text()}") from None


def images_file(root: Path) -> Path:
    """An image table beside a copy of the test programs, so that relative paths are proven."""
    folder = root.with_suffix(".table")
    folder.mkdir(exist_ok=True)
    (folder / "web.py").write_bytes((IMAGES / "web.py").read_bytes())
    table = {
        "shop/web": {"command": [sys.executable, "web.py", "8080"], "env": {"FROM_IMAGE": "at $(GENERALPROBE_POD_IP)"}}
    }
    path = folder / "runnables.yaml"
    path.write_text(yaml.safe_dump({"images": table}))
    return path


@pytest.fixture(scope="session")
def agent(plane: ControlPlane, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """The agent that most tests share, with restart delays of 0.5 s and probe periods divided by 5."""
    root = tmp_path_factory.mktemp("node") / "a"
    with Agent(plane, "node-a", root, "127.10.64.0/24", "--probe-lapse", "5", "--pod-niceness", "5") as agent:
        agent.first_lease = cluster.wait("a lease", lambda: cluster.lease("node-a"))
        yield agent


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def conditions(pod: Json) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in pod.get("status", {}).get("conditions", [])}


def ready(pod: Json) -> bool:
    return conditions(pod).get("Ready") == "True"


def state(pod: Json, container: str = "main", key: str = "containerStatuses") -> Json:
    """``{"waiting": {...}}``, ``{"running": ...}`` or ``{"terminated": ...}`` of a container, {} when not known."""
    found = [entry for entry in pod.get("status", {}).get(key, []) if entry["name"] == container]
    return found[0]["state"] if found else {}


def status(pod: Json, container: str = "main") -> Json:
    found = (entry for entry in pod.get("status", {}).get("containerStatuses", []) if entry["name"] == container)
    return next(found, {"restartCount": 0, "state": {}, "lastState": {}, "started": False})


os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
