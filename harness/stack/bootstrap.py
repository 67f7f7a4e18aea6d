"""What the API server must hold before a ScaledObject is accepted: KEDA's types, its API service, and read rights."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from harness.errors import Unavailable

CRDS = Path(__file__).parent / "keda" / "crds"
"""KEDA's custom resource definitions, copied from config/crd/bases of the pinned module; a test holds them equal."""

_MANAGER = {"fieldManager": "generalprobe", "force": "true"}
_POLL_SECONDS = 0.05


class Api:
    """The API server as its administrator sees it. Closed by `async with`."""

    def __init__(self, url: str, pki: Path) -> None:
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._client = httpx.AsyncClient(base_url=url, verify=context, timeout=30, trust_env=False)

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, path: str) -> httpx.Response:
        """GET, whatever the answer."""
        return await self._client.get(path)

    async def apply(self, path: str, body: bytes | Mapping[str, Any], **query: str) -> None:
        """Apply server-side. Raises Unavailable with the server's own words when it refuses."""
        headers = {"content-type": "application/apply-patch+yaml"}
        content = body if isinstance(body, bytes) else _json(body)
        answer = await self._client.patch(path, content=content, headers=headers, params={**_MANAGER, **query})
        if answer.is_error:
            message = answer.json().get("message", answer.text) if answer.text.startswith("{") else answer.text
            raise Unavailable(f"The API server refused {path}: {message}")


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _object(version: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    namespace = {"namespace": more.pop("namespace")} if "namespace" in more else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **namespace}, **more}


async def apply_objects(api: Api) -> None:
    """The namespace `keda`, KEDA's types (waits until they are served), and read rights for Prometheus."""
    rights = _object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        "generalprobe:viewers",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "generalprobe:viewers"}],
    )
    path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/generalprobe:viewers"
    async with asyncio.TaskGroup() as group:
        group.create_task(api.apply("/api/v1/namespaces/keda", _object("v1", "Namespace", "keda")))
        group.create_task(api.apply(path, rights))
        for file in sorted(CRDS.glob("*.yaml")):
            group.create_task(_apply_type(api, file))


async def _apply_type(api: Api, file: Path) -> None:
    group_name, plural = file.stem.rsplit("_", 1)
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group_name}"
    await api.apply(path, file.read_bytes())
    while True:
        found = (await api.get(path)).json()
        if _condition(found, "Established"):
            return
        await asyncio.sleep(_POLL_SECONDS)


async def serve_external_metrics(api: Api, port: int, authority: Path) -> None:
    """Register KEDA's adapter for external.metrics.k8s.io; waits until the API server reaches it.

    The Service is an ExternalName, because a Service with endpoints on loopback is refused.
    """
    name = "keda-metrics-apiserver"
    service = _object("v1", "Service", name, namespace="keda", spec={"type": "ExternalName", "externalName": "localhost"})
    await api.apply(f"/api/v1/namespaces/keda/services/{name}", service)
    registered = _object(
        "apiregistration.k8s.io/v1",
        "APIService",
        "v1beta1.external.metrics.k8s.io",
        spec={
            "group": "external.metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {"namespace": "keda", "name": name, "port": port},
            "caBundle": base64.b64encode(authority.read_bytes()).decode(),
        },
    )
    path = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io"
    await api.apply(path, registered)
    while not _condition((await api.get(path)).json(), "Available"):
        await asyncio.sleep(_POLL_SECONDS)


async def accept_scaled_object(api: Api) -> None:
    """Ask for a ScaledObject without storing it, as proof that the next one will be taken. Raises Unavailable."""
    proof = _object(
        "keda.sh/v1alpha1",
        "ScaledObject",
        "generalprobe-proof",
        namespace="keda",
        spec={
            "scaleTargetRef": {"name": "generalprobe-proof"},
            "triggers": [
                {
                    "type": "cron",
                    "metadata": {"timezone": "UTC", "start": "0 0 1 1 *", "end": "0 1 1 1 *", "desiredReplicas": "1"},
                }
            ],
        },
    )
    await api.apply("/apis/keda.sh/v1alpha1/namespaces/keda/scaledobjects/generalprobe-proof", proof, dryRun="All")


def _condition(found: Mapping[str, Any], kind: str) -> bool:
    conditions = (found.get("status") or {}).get("conditions") or []
    return any(condition["type"] == kind and condition["status"] == "True" for condition in conditions)
