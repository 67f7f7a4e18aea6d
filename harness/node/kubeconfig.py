"""Reading a kubeconfig: address and credentials of the API server.

A node's credentials are a token or a client certificate; credential plugins are for people and are refused.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.node.errors import KubeconfigError


@dataclass(frozen=True)
class ApiAccess:
    """Where the API server is and how to talk to it; ``tls`` is None for plain HTTP."""

    server: str
    tls: ssl.SSLContext | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def load_access(path: Path, context: str | None = None) -> ApiAccess:
    """The access that a kubeconfig gives in ``context`` (default: its current one).

    Raises:
        KubeconfigError: the file is missing, broken, or uses a way of logging in that a node cannot.
    """
    try:
        config: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        name = context or config["current-context"]
        chosen = _named(config["contexts"], name)["context"]
        cluster = _named(config["clusters"], chosen["cluster"])["cluster"]
        user = _named(config["users"], chosen["user"]).get("user") or {}
        server = str(cluster["server"]).rstrip("/")
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KubeconfigError(f"The kubeconfig cannot be read ({path}): {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise KubeconfigError(f"The kubeconfig names no usable context, cluster and user ({path}): {error}") from error
    for refused in ("exec", "auth-provider"):
        if refused in user:
            raise KubeconfigError(f"The kubeconfig logs in by `{refused}`; give a token or a client certificate ({path})")
    try:
        return ApiAccess(server, _tls(path, cluster, user) if server.startswith("https") else None, _headers(path, user))
    except (OSError, ValueError, binascii.Error) as error:  # ssl.SSLError is an OSError
        raise KubeconfigError(f"The kubeconfig's certificates or token cannot be used ({path}): {error}") from error


def _named(entries: Any, name: str) -> dict[str, Any]:
    for entry in entries or []:
        if entry["name"] == name:
            return dict(entry)
    raise KeyError(name)


def _headers(path: Path, user: Mapping[str, Any]) -> dict[str, str]:
    token = user.get("token")
    if not token and (file := user.get("tokenFile")):
        token = (path.parent / str(file)).read_text(encoding="utf-8").strip()
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user.get("username"):
        pair = base64.b64encode(f"{user['username']}:{user.get('password', '')}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


def _tls(path: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    if data := cluster.get("certificate-authority-data"):
        tls.load_verify_locations(cadata=base64.b64decode(data).decode())
    elif file := cluster.get("certificate-authority"):
        tls.load_verify_locations(cafile=str(path.parent / str(file)))
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    if user.get("client-certificate-data") and user.get("client-key-data"):
        _load_pair(tls, base64.b64decode(user["client-certificate-data"]), base64.b64decode(user["client-key-data"]))
    elif user.get("client-certificate"):
        folder = path.parent
        tls.load_cert_chain(str(folder / str(user["client-certificate"])), str(folder / str(user["client-key"])))
    return tls


def _load_pair(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    # The ssl module takes files only; this one is private and gone at once.
    descriptor, name = tempfile.mkstemp(prefix="node-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate + b"\n" + key)
        tls.load_cert_chain(name)
    finally:
        os.unlink(name)
