"""A thin client of the Kubernetes API: JSON in, JSON out.

On aiohttp, which the official client's asyncio face stands on as well, without its 700 model classes: an agent is to
stay small beside a whole control plane.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from harness.node.environment import Sources, decode_config_map, decode_secret
from harness.node.errors import ApiError, ApiUnreachable
from harness.node.kubeconfig import ApiAccess

Json = dict[str, Any]
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
BROKEN = (aiohttp.ClientError, OSError, asyncio.TimeoutError)


class ApiClient:
    """Requests to one API server. Open it inside a running event loop, close it when done."""

    def __init__(self, access: ApiAccess, user_agent: str = "generalprobe-node") -> None:
        self._access = access
        connector = aiohttp.TCPConnector(ssl=access.tls if access.tls else False, limit=32)
        headers = {"User-Agent": user_agent, "Accept": "application/json", **access.headers}
        self._session = aiohttp.ClientSession(connector=connector, headers=headers, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout: float = 15.0,
    ) -> Json:
        """One request and its answer.

        Raises:
            ApiError: the server refused.
            ApiUnreachable: no answer.
        """
        try:
            async with self._session.request(
                method,
                self._access.server + path,
                data=json.dumps(body) if body is not None else None,
                params=params,
                headers={"Content-Type": content_type} if body is not None else None,
                timeout=aiohttp.ClientTimeout(total=timeout),
            ) as answer:
                content = await answer.read()
                if answer.status >= 400:
                    raise _refusal(answer.status, content, f"{method} {path}")
                return dict(json.loads(content)) if content else {}
        except BROKEN as error:
            raise ApiUnreachable(f"{method} {path} got no answer from {self._access.server}: {error!r}") from error
        except ValueError as error:
            raise ApiUnreachable(f"{method} {path} got no JSON from {self._access.server}: {error}") from error

    async def watch(self, path: str, params: Mapping[str, str], silence: float) -> AsyncIterator[Json]:
        """The events of a watch until the server ends it; ``silence`` seconds without any byte mean a dead peer.

        Raises:
            ApiError: the server refused (410 for a version that is too old may come as an event as well).
            ApiUnreachable: the connection broke.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=silence)
        query = {**params, "watch": "true", "allowWatchBookmarks": "true"}
        try:
            async with self._session.get(self._access.server + path, params=query, timeout=timeout) as answer:
                if answer.status >= 400:
                    raise _refusal(answer.status, await answer.read(), f"WATCH {path}")
                pending = b""
                async for chunk in answer.content.iter_any():
                    *lines, pending = (pending + chunk).split(b"\n")
                    for line in lines:
                        if line.strip():
                            yield json.loads(line)
        except BROKEN as error:
            raise ApiUnreachable(f"The watch of {path} broke: {error!r}") from error
        except ValueError as error:
            raise ApiUnreachable(f"The watch of {path} brought no JSON: {error}") from error

    async def sources(self, namespace: str, config_maps: set[str], secrets: set[str]) -> Sources:
        """ConfigMaps and Secrets of a namespace by name; None for those that do not exist.

        Raises:
            ApiError, ApiUnreachable: as in request, a missing object excepted.
        """
        found_maps = [await self._data(namespace, "configmaps", name) for name in sorted(config_maps)]
        found_secrets = [await self._data(namespace, "secrets", name) for name in sorted(secrets)]
        return Sources(
            dict(zip(sorted(config_maps), found_maps, strict=True)),
            dict(zip(sorted(secrets), found_secrets, strict=True)),
        )

    async def _data(self, namespace: str, kind: str, name: str) -> dict[str, str] | None:
        try:
            found = await self.request("GET", f"/api/v1/namespaces/{namespace}/{kind}/{name}")
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return decode_secret(found) if kind == "secrets" else decode_config_map(found)


def _refusal(status: int, content: bytes, what: str) -> ApiError:
    try:
        body = json.loads(content)
        reason, message = str(body.get("reason", "")), str(body.get("message", ""))
    except (ValueError, AttributeError):
        reason, message = "", content[:200].decode("utf-8", "replace")
    return ApiError(status, reason, f"{what} was refused with {status} {reason}: {message}")
