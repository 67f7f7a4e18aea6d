"""The API server as observers see it: list, watch and get over HTTPS, with the kubeconfig's credentials.

Own code over httpx because kubernetes 37's informer fails on custom resources and its watches give up on a second 410.
Protocol: kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import yaml

from harness.errors import Unavailable
from harness.record.rows import Json
from harness.target.base import Target

SLOW = 3.0
"""Seconds after which an answer counts as missing."""


class Refused(Unavailable):
    """The API server answered, and said no. `status`: HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Gone(Unavailable):
    """410: what was asked for is too old; list again."""


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a watch. `change`: ADDED | MODIFIED | DELETED | BOOKMARK."""

    change: str
    object: Json


class Cluster:
    """A connection to one API server."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def connect(cls, target: Target) -> AsyncIterator[Cluster]:
        """With the credentials of the target's context, read anew each time. Raises Unavailable."""
        host, verify, headers = credentials(target)
        async with httpx.AsyncClient(
            base_url=host,
            verify=verify,
            headers=headers,
            timeout=SLOW,
            limits=httpx.Limits(max_connections=32),
            trust_env=False,
        ) as client:
            yield cls(client)

    async def get(self, path: str, **params: str) -> Json:
        """One object. Raises Refused, Gone, httpx.HTTPError."""
        response = await self._client.get(path, params=params)
        _check(response.status_code, response.content)
        body: Json = response.json()
        return body

    async def text(self, path: str) -> tuple[int, str]:
        """Status and text of a plain answer, such as /readyz."""
        response = await self._client.get(path)
        return response.status_code, response.text

    async def list_all(self, path: str, **params: str) -> tuple[list[Json], str]:
        """All objects, and the version from which a watch goes on. Raises Refused, Gone, httpx.HTTPError."""
        body = await self.get(path, **params)
        kind = str(body.get("kind", "")).removesuffix("List")
        items = [{"apiVersion": body.get("apiVersion"), "kind": kind, **item} for item in body.get("items") or ()]
        return items, str(body["metadata"]["resourceVersion"])

    async def watch(self, path: str, version: str, seconds: int, **params: str) -> AsyncGenerator[list[Change], None]:
        """Changes after `version`, in the batches in which they come; ends after `seconds`. Raises as `list_all` does."""
        query = {
            **params,
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        timeout = httpx.Timeout(SLOW, read=seconds + SLOW)
        async with self._client.stream("GET", path, params=query, timeout=timeout) as response:
            if response.status_code != 200:
                _check(response.status_code, await response.aread())
            rest: list[bytes] = []
            async for chunk in response.aiter_bytes():
                # Split at \n only: other line ends may stand unescaped inside JSON strings.
                *lines, last = chunk.split(b"\n")
                if lines:
                    lines[0] = b"".join((*rest, lines[0]))
                    rest.clear()
                    yield [_change(line) for line in lines if line.strip()]
                rest.append(last)


def _change(line: bytes) -> Change:
    body = json.loads(line)
    if body["type"] == "ERROR":
        status = body["object"]
        _refuse(int(status.get("code") or 500), str(status.get("message") or status))
    return Change(body["type"], body["object"])


def _check(status: int, content: bytes) -> None:
    if status >= 300:
        try:
            message = str(json.loads(content)["message"])
        except (ValueError, KeyError, TypeError):
            message = content.decode("utf-8", "replace")[:200] or f"HTTP {status}"
        _refuse(status, message)


def _refuse(status: int, message: str) -> None:
    if status == 410:
        raise Gone(f"410 {message}")
    raise Refused(status, f"{status} {message}")


def credentials(target: Target) -> tuple[str, ssl.SSLContext | bool, dict[str, str]]:
    """Host, TLS context and headers of the target's context. Raises Unavailable where the kubeconfig does not serve."""
    from kubernetes import client, config  # noqa: PLC0415 - a third of a second, only where a cluster is asked
    from kubernetes.config import kube_config  # noqa: PLC0415

    found: Any = client.Configuration()
    load: Any = config.load_kube_config
    clean: Any = kube_config._cleanup_temp_files
    try:
        load(str(target.kubeconfig), target.context or None, found, persist_config=False)
        verify: ssl.SSLContext | bool = _tls(found) if found.host.startswith("https") else False
    except (config.ConfigException, OSError, ssl.SSLError, ValueError, TypeError, yaml.YAMLError) as error:
        what = " ".join(str(error).split())
        raise Unavailable(
            f"The kubeconfig {target.kubeconfig} (context {target.context}) does not serve: {what}."
        ) from None
    finally:
        clean()  # inline keys are written out for ssl; they must not outlive a kill -9
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "generalprobe-observe"}
    if found.api_key.get("authorization"):
        headers["Authorization"] = found.api_key["authorization"]
    elif found.username:
        pair = base64.b64encode(f"{found.username}:{found.password or ''}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return found.host, verify, headers


def _tls(found: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=found.ssl_ca_cert or None)
    if not found.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if found.cert_file:
        context.load_cert_chain(found.cert_file, found.key_file or None)
    return context
