"""Who may read logs: the API server for its users, and nobody past it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from harness.stack.pki import Authority
from tests.node.conftest import Agent, Cluster, ready
from tests.node.controlplane import ControlPlane

pytestmark = pytest.mark.cluster
TALK = "for i in 1 2 3; do echo line $i; done; sleep 600"


@pytest.fixture(scope="module")
def guarded(plane: ControlPlane, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """An agent whose status server knows its clients, with a pod `talker` that has written three lines."""
    files = {"--tls-cert": "kubelet.crt", "--tls-key": "kubelet.key", "--tls-client-ca": "ca.crt"}
    flags = [word for flag, file in files.items() for word in (flag, str(plane.pki / file))]
    with Agent(plane, "node-tls", tmp_path_factory.mktemp("node") / "t", "127.10.73.0/24", *flags) as agent:
        created = cluster.run("node-tls", "talker", {"args": ["-c", TALK]})
        cluster.until("talker", "ready", ready)
        cluster.wait("its output", lambda: "line 3" in agent.output(created))
        yield agent
        cluster.delete("talker", grace=0)


def test_the_api_server_brings_the_logs_of_a_pod(guarded: Agent, cluster: Cluster) -> None:
    path = "/api/v1/namespaces/default/pods/talker/log"
    assert cluster.http.get(path).text == "line 1\nline 2\nline 3\n"
    assert cluster.http.get(path, params={"container": "main", "tailLines": "1"}).text == "line 3\n"
    refused = cluster.http.get(path, params={"previous": "true"})
    assert refused.status_code == 400
    assert "previous terminated container" in refused.json()["message"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")
def test_kubectl_logs_shows_them(guarded: Agent, plane: ControlPlane) -> None:
    environ = {**os.environ, "KUBECONFIG": str(plane.kubeconfig)}
    asked = ["kubectl", "logs", "talker", "--tail", "2"]
    done = subprocess.run(asked, env=environ, capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == ("line 2\nline 3\n", "")


def test_the_status_server_answers_a_client_of_its_authority_and_refuses_everybody_else(
    guarded: Agent, cluster: Cluster, plane: ControlPlane, tmp_path: Path
) -> None:
    node = cluster.http.get("/api/v1/nodes/node-tls").json()
    port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
    url = f"https://127.0.0.1:{port}/containerLogs/default/talker/main"
    stranger = Authority.make("another-ca", datetime.now(UTC)).issue("apiserver")
    (tmp_path / "stranger.crt").write_bytes(stranger.cert)
    (tmp_path / "stranger.key").write_bytes(stranger.key)

    def asking_as(folder: Path, name: str | None) -> str:
        context = ssl.create_default_context(cafile=str(plane.pki / "ca.crt"))
        if name is not None:
            context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        return httpx.get(url, verify=context).text

    assert asking_as(plane.pki, "apiserver").startswith("line 1")
    for folder, name in ((plane.pki, None), (tmp_path, "stranger")):
        with pytest.raises((httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError)):
            asking_as(folder, name)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url.replace("https", "http"))
