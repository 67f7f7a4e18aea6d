"""A real etcd and kube-apiserver for tests of faults and safety; one pair per test session, on loopback."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from harness.safety.cluster import connect
from harness.stack.finding import find
from harness.stack.parts import part
from harness.stack.toolchain import candidates
from harness.target.base import Target

TOKEN = "token-4b1d8e52-generated"
CONTEXT = "test-context"


@dataclass(frozen=True)
class Cluster:
    """Where it is, and clients for it."""

    kubeconfig: Path
    core: Any
    custom: Any

    def target(self, **more: Any) -> Target:
        """A target of this cluster; `more` overrides."""
        values = {
            "name": "test",
            "embedded": True,
            "kubeconfig": self.kubeconfig,
            "context": CONTEXT,
            "namespace": "crm",
            "lapse": 1.0,
            "prometheus_url": "http://127.0.0.1:1",
            "alertmanager_url": "http://127.0.0.1:1",
            "database_dsn": "",
            "receiver_port": 1,
        }
        return Target.model_validate({**values, **more})

    def namespace(self, name: str, opted_in: bool = True) -> str:
        """A namespace, made where it is missing, with or without the label."""
        labels = {"generalprobe.dev/rehearse": "allowed"} if opted_in else {}
        body = {"metadata": {"name": name, "labels": labels}}
        try:
            self.core.create_namespace(body)
        except ApiException as error:
            if error.status != 409:
                raise
        return name

    def pod(
        self,
        namespace: str,
        name: str,
        *,
        ready: bool = True,
        finalizer: bool = False,
        ip: str = "",
        port: int = 0,
        **labels: str,
    ) -> str:
        """A pod as a node agent would have it, ready or not. Returns its uid."""
        metadata: dict[str, Any] = {"name": name, "labels": labels}
        if finalizer:
            metadata["finalizers"] = ["generalprobe.dev/test"]
        ports = [{"containerPort": port}] if port else []
        spec = {"containers": [{"name": "crm", "image": "crm/api", "ports": ports}], "automountServiceAccountToken": False}
        made = self.core.create_namespaced_pod(namespace, {"metadata": metadata, "spec": spec})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now}
        status = {"phase": "Running", "conditions": [condition], **({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {})}
        self.core.patch_namespaced_pod_status(name, namespace, {"status": status})
        return str(made.metadata.uid)


@functools.cache
def running() -> Cluster:
    """The cluster of this session. Skips the test where its parts are not built."""
    given = os.environ.get("GENERALPROBE_BIN_DIR")
    etcd, api = (find(part(name), Path(given) if given else None, candidates()) for name in ("etcd", "kube-apiserver"))
    if etcd is None or api is None:
        pytest.skip("no etcd and kube-apiserver: set GENERALPROBE_BIN_DIR or build the parts into the cache")
    return _start(etcd, api)


@functools.cache
def _start(etcd: Path, api: Path) -> Cluster:
    folder = Path(tempfile.mkdtemp(prefix="gp-api-"))
    client_port, peer_port, port = _free_ports(3)
    key = rsa.generate_private_key(65537, 2048)
    pem, pkcs8, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "sa.key").write_bytes(key.private_bytes(pem, pkcs8, plain))
    (folder / "sa.pub").write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    (folder / "tokens.csv").write_text(f"{TOKEN},tester,tester,system:masters\n")
    store, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    _spawn(
        folder,
        etcd,
        f"--data-dir={folder}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={store}",
        f"--advertise-client-urls={store}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    )
    _spawn(
        folder,
        api,
        f"--etcd-servers={store}",
        "--bind-address=127.0.0.1",
        "--advertise-address=192.0.2.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}/certs",
        f"--token-auth-file={folder}/tokens.csv",
        "--authorization-mode=RBAC",
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder}/sa.pub",
        f"--service-account-signing-key-file={folder}/sa.key",
        "--service-cluster-ip-range=10.96.0.0/16",
    )
    kubeconfig = folder / "kubeconfig"
    write_kubeconfig(kubeconfig, f"https://127.0.0.1:{port}")
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster = Cluster(
                kubeconfig,
                client.CoreV1Api(connect(kubeconfig, CONTEXT)),
                client.CustomObjectsApi(connect(kubeconfig, CONTEXT)),
            )
            cluster.core.list_namespace(_request_timeout=2)
            _scaled_objects(cluster)
            return cluster
        except (ApiException, HTTPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def write_kubeconfig(path: Path, server: str) -> None:
    """A kubeconfig with the test's token for a server with a self-made certificate."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(config))


def _scaled_objects(cluster: Cluster) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"plural": "scaledobjects", "singular": "scaledobject", "kind": "ScaledObject", "listKind": "ScaledObjectList"}
    body = {
        "metadata": {"name": "scaledobjects.keda.sh"},
        "spec": {
            "group": "keda.sh",
            "names": names,
            "scope": "Namespaced",
            "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    extensions = client.ApiextensionsV1Api(connect(cluster.kubeconfig, CONTEXT))
    extensions.create_custom_resource_definition(
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", **body}
    )
    deadline = time.monotonic() + 20
    while True:
        try:
            cluster.custom.list_namespaced_custom_object("keda.sh", "v1alpha1", "default", "scaledobjects")
            return
        except ApiException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _spawn(folder: Path, program: Path, *arguments: str) -> None:
    with (folder / f"{program.name}.log").open("wb") as log:
        process = subprocess.Popen([program, *arguments], stdout=log, stderr=log, cwd=folder)

    def end() -> None:
        process.kill()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
