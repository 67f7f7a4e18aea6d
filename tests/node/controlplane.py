"""A real etcd and kube-apiserver for the tests of the node agent: no scheduler, no controllers."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ETCD_NAMES = ("etcd", "v3", "server")


@dataclass(frozen=True)
class Binaries:
    """The two programs that are needed."""

    etcd: Path
    apiserver: Path


@dataclass(frozen=True)
class ControlPlane:
    """A running API server; kill and start it again through ``apiserver``."""

    kubeconfig: Path
    url: str
    apiserver: ApiServer


def find_binaries() -> Binaries | None:
    """From GENERALPROBE_BIN_DIR, or the newest of the cache of built parts."""
    folders = [Path(entry) for entry in os.environ.get("GENERALPROBE_BIN_DIR", "").split(os.pathsep) if entry]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "generalprobe"
    found: dict[str, Path] = {}
    for name in (*ETCD_NAMES, "kube-apiserver"):
        candidates = [folder / name for folder in folders if (folder / name).is_file()]
        if not candidates and cache.is_dir():
            files = (path for path in cache.rglob(name) if path.is_file() and os.access(path, os.X_OK))
            candidates = sorted(files, key=lambda path: -path.stat().st_mtime)
        if candidates:
            found[name] = candidates[0]
    etcd = next((found[name] for name in ETCD_NAMES if name in found), None)
    return Binaries(etcd, found["kube-apiserver"]) if etcd and "kube-apiserver" in found else None


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """One started program with its log."""

    def __init__(self, argv: list[str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=log.parent)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_for(self, url: str, headers: dict[str, str], seconds: float = 60) -> None:
        context = ssl._create_unverified_context()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, urllib.error.URLError):
                request = urllib.request.Request(url, headers=headers)
                with urllib.request.urlopen(request, timeout=2, context=context):
                    return
            time.sleep(0.1)
        raise RuntimeError(f"{self.log.stem} is not ready:\n{self.log.read_text(errors='replace')[-3000:]}")


class ApiServer:
    """kube-apiserver that can be stopped and started again on the same port."""

    def __init__(self, argv: list[str], log: Path, url: str, headers: dict[str, str]) -> None:
        self._argv, self._log, self._url, self._headers = argv, log, url, headers
        self._program: Program | None = None

    def start(self) -> None:
        self._program = Program(self._argv, self._log)
        self._program.wait_for(f"{self._url}/readyz", self._headers)

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None


@contextlib.contextmanager
def running(binaries: Binaries, folder: Path) -> Iterator[ControlPlane]:
    """A control plane with its state in ``folder``, until the end of the block."""
    etcd_url, peer_url = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    etcd = Program(
        [
            *(str(binaries.etcd), "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync"),
            *("--listen-client-urls", etcd_url, "--advertise-client-urls", etcd_url),
            *("--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url),
            *("--initial-cluster", f"default={peer_url}", "--log-level", "warn"),
        ],
        folder / "etcd.log",
    )
    try:
        etcd.wait_for(f"{etcd_url}/health", {})
        token = secrets.token_hex(16)
        (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / "sa.key").write_bytes(pem)
        port = free_port()
        url = f"https://127.0.0.1:{port}"
        flags = {
            "etcd-servers": etcd_url,
            "bind-address": "127.0.0.1",
            "secure-port": str(port),
            "advertise-address": "192.0.2.1",
            "endpoint-reconciler-type": "none",
            "cert-dir": str(folder / "certs"),
            "token-auth-file": str(folder / "tokens.csv"),
            "authorization-mode": "AlwaysAllow",
            "disable-admission-plugins": "ServiceAccount",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": str(folder / "sa.key"),
            "service-account-signing-key-file": str(folder / "sa.key"),
            "service-cluster-ip-range": "10.96.0.0/16",
        }
        apiserver = ApiServer(
            [str(binaries.apiserver), *(f"--{name}={value}" for name, value in flags.items())],
            folder / "kube-apiserver.log",
            url,
            {"Authorization": f"Bearer {token}"},
        )
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(kubeconfig_for(url, token)))
        try:
            apiserver.start()
            yield ControlPlane(kubeconfig, url, apiserver)
        finally:
            apiserver.stop()
    finally:
        etcd.stop()


def kubeconfig_for(url: str, token: str) -> dict[str, object]:
    """A kubeconfig with a token and no verification: the API server signs its own certificate."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "clusters": [{"name": "test", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "admin", "user": {"token": token}}],
    }
