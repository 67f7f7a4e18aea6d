"""A cluster's own authority, certificates and kubeconfig files: made anew for every cluster, readable by its owner only."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=365)
_CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, PEM."""

    cert: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Authority:
    """Something that signs. `now` is when it was made; what it signs is valid from an hour before for a year."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    now: datetime

    @classmethod
    def make(cls, name: str, now: datetime) -> Authority:
        """A new self-signed authority (ECDSA P-256)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name)
        certificate = (
            _builder(subject, subject, key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key, now)

    @property
    def pair(self) -> Pair:
        """The authority itself, for parts that want to sign."""
        return Pair(_pem(self.certificate), _key_pem(self.key))

    def issue(self, name: str, groups: Sequence[str] = (), hosts: Sequence[str] = ()) -> Pair:
        """A certificate for a client `name` in `groups` (its organisations), or for a server at `hosts`, or both."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [_alternative(host) for host in hosts]
        builder = (
            _builder(_subject(name, groups), self.certificate.subject, key.public_key(), self.now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Pair(_pem(builder.sign(self.key, hashes.SHA256())), _key_pem(key))


def _subject(name: str, groups: Sequence[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID)
    )


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(IPv4Address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def write_private(path: Path, content: bytes | str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    data = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    partial.replace(path)


def kubeconfig(server: str, context: str, authority: bytes, client: Pair) -> str:
    """A kubeconfig with everything inside it. JSON, which every reader of YAML reads, and faster."""

    def encoded(content: bytes) -> str:
        return base64.b64encode(content).decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [
                {"name": context, "cluster": {"server": server, "certificate-authority-data": encoded(authority)}}
            ],
            "users": [
                {
                    "name": context,
                    "user": {
                        "client-certificate-data": encoded(client.cert),
                        "client-key-data": encoded(client.key),
                    },
                }
            ],
            "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        },
        indent=1,
    )


_MASTERS = ("system:masters",)
CLIENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "admin": ("generalprobe:admin", _MASTERS),
    "apiserver-kubelet": ("kube-apiserver", ()),
    "controller-manager": ("system:kube-controller-manager", _MASTERS),
    "scheduler": ("system:kube-scheduler", ()),
    "keda": ("generalprobe:keda", _MASTERS),
    "agent": ("generalprobe:agent", _MASTERS),
    "prometheus": ("generalprobe:prometheus", ("generalprobe:viewers",)),
}
"""Who talks to the API server: file name -> (user, groups)."""


def make_credentials(folder: Path, server: str, context: str, service_address: str, now: datetime) -> bytes:
    """Make all keys, certificates and kubeconfigs of a cluster in `folder` (mode 0700). Returns the authority, PEM."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster, front, keda = (Authority.make(f"generalprobe-{name}", now) for name in ("ca", "front-proxy", "keda"))

    def write(name: str, pair: Pair) -> None:
        write_private(folder / f"{name}.crt", pair.cert)
        write_private(folder / f"{name}.key", pair.key)

    local = ("localhost", "127.0.0.1")
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", service_address)
    write_private(folder / "ca.crt", cluster.pair.cert)
    write_private(folder / "front-proxy-ca.crt", front.pair.cert)
    write("serving", cluster.issue("kube-apiserver", hosts=(*local, *service)))
    write("kubelet", cluster.issue("generalprobe-node", hosts=local))
    write("etcd", cluster.issue("etcd", hosts=local))
    write("front-proxy-client", front.issue("front-proxy-client"))
    signer = ec.generate_private_key(ec.SECP256R1())
    write_private(folder / "service-account.key", _key_pem(signer))
    public = signer.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_private(folder / "service-account.pub", public)

    certs = folder / "keda"
    certs.mkdir(mode=0o700, exist_ok=True)
    names = tuple(f"{name}.keda.svc" for name in ("keda-operator", "keda-metrics-apiserver"))
    issued = keda.issue("keda-operator", hosts=(*local, *names))
    for name, pair in (("ca", keda.pair), ("tls", issued)):
        write_private(certs / f"{name}.crt", pair.cert)
        write_private(certs / f"{name}.key", pair.key)

    for file, (user, groups) in CLIENTS.items():
        client = cluster.issue(user, groups)
        write_private(folder / f"{file}.kubeconfig", kubeconfig(server, context, cluster.pair.cert, client))
        if file in ("admin", "apiserver-kubelet"):
            write(file, client)
    return cluster.pair.cert
