"""A real etcd and kube-apiserver for the tests of the node agent: no scheduler, no controllers."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.stack.finding import find
from harness.stack.parts import part
from harness.stack.pki import Authority
from harness.stack.process import spawn
from harness.stack.toolchain import candidates


@dataclass(frozen=True)
class Binaries:
    """The two programs that are needed."""

    etcd: Path
    apiserver: Path


@dataclass(frozen=True)
class ControlPlane:
    """A running API server and its store; kill, pause and start them again through ``apiserver`` and ``etcd``.

    ``pki`` holds ca.crt and, signed by it, kubelet.{crt,key} for 127.0.0.1 and apiserver.{crt,key}, with which the API
    server introduces itself to kubelets.
    """

    kubeconfig: Path
    pki: Path
    url: str
    apiserver: Server
    etcd: Server


def find_binaries() -> Binaries | None:
    """The parts as the embedded cluster would find them, else those of the pinned version in GENERALPROBE_BIN_DIR."""
    toolchains = candidates()
    given = os.environ.get("GENERALPROBE_BIN_DIR")
    found: list[Path] = []
    for name in ("etcd", "kube-apiserver"):
        program = find(part(name), None, toolchains) or (find(part(name), Path(given), []) if given else None)
        if program is None:
            return None
        found.append(program)
    return Binaries(*found)


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A program that can be killed, paused and started again on the same port; it dies with the tests."""

    def __init__(self, argv: list[str], log: Path, health_url: str, headers: dict[str, str] | None = None) -> None:
        self._argv, self._log, self._health_url, self._headers = argv, log, health_url, headers or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self) -> None:
        with self._log.open("ab") as output:
            self.starts += 1
            self._process = spawn(self._argv, output, os.environ, self._log.parent)
        self.wait()

    def kill(self) -> None:
        """SIGKILL: nobody is told, and nobody waits for the API server's watchers to leave."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It still accepts connections (the kernel does) and never answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        self.wait()

    def wait(self, seconds: float = 60) -> None:
        """Wait until it says that it is ready."""
        context = ssl._create_unverified_context()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(OSError, urllib.error.URLError):
                request = urllib.request.Request(self._health_url, headers=self._headers)
                with urllib.request.urlopen(request, timeout=2, context=context):
                    return
            time.sleep(0.1)
        raise RuntimeError(f"{self._log.stem} is not ready:\n{self._log.read_text(errors='replace')[-3000:]}")


@contextlib.contextmanager
def running(binaries: Binaries, folder: Path) -> Iterator[ControlPlane]:
    """A control plane with its state in ``folder``, until the end of the block."""
    etcd_url, peer_url = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    etcd = Server(
        [
            *(str(binaries.etcd), "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync"),
            *("--listen-client-urls", etcd_url, "--advertise-client-urls", etcd_url),
            *("--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url),
            *("--initial-cluster", f"default={peer_url}", "--log-level", "warn"),
        ],
        folder / "etcd.log",
        f"{etcd_url}/health",
    )
    try:
        etcd.start()
        token = secrets.token_hex(16)
        (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / "sa.key").write_bytes(pem)
        pki = make_pki(folder / "pki")
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
            "kubelet-certificate-authority": str(pki / "ca.crt"),
            "kubelet-client-certificate": str(pki / "apiserver.crt"),
            "kubelet-client-key": str(pki / "apiserver.key"),
            "disable-admission-plugins": "ServiceAccount",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": str(folder / "sa.key"),
            "service-account-signing-key-file": str(folder / "sa.key"),
            "service-cluster-ip-range": "10.96.0.0/16",
        }
        apiserver = Server(
            [str(binaries.apiserver), *(f"--{name}={value}" for name, value in flags.items())],
            folder / "kube-apiserver.log",
            f"{url}/readyz",
            {"Authorization": f"Bearer {token}"},
        )
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(kubeconfig_for(url, token)))
        try:
            apiserver.start()
            yield ControlPlane(kubeconfig, pki, url, apiserver, etcd)
        finally:
            apiserver.kill()
    finally:
        etcd.kill()


def make_pki(folder: Path) -> Path:
    """An authority with a certificate for a kubelet and one for its client."""
    folder.mkdir()
    authority = Authority.make("test-ca", datetime.now(UTC))
    (folder / "ca.crt").write_bytes(authority.pair.cert)
    for name, hosts in (("kubelet", ["127.0.0.1"]), ("apiserver", [])):
        pair = authority.issue(name, hosts=hosts)
        (folder / f"{name}.crt").write_bytes(pair.cert)
        (folder / f"{name}.key").write_bytes(pair.key)
    return folder


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
