"""List and watch that does not die.

A version that is too old, a broken connection or an API server that is away lead to a new list or watch after a pause; what
the listener knows stays as it is meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from harness.node.api import ApiClient, Json
from harness.node.backoff import doubling
from harness.node.errors import ApiError, ApiUnreachable, NodeError
from harness.node.journal import log

WATCH_SECONDS = 300
FIRST_PAUSE = 0.2
PAUSE_FACTOR = 50


class Reflector:
    """Keeps a listener informed about the objects behind a path.

    ``on_list(items)`` gets all objects after each list, ``on_event(type, object)`` ADDED, MODIFIED and DELETED in between.
    """

    def __init__(
        self,
        api: ApiClient,
        path: str,
        selector: dict[str, str],
        on_list: Callable[[list[Json]], None],
        on_event: Callable[[str, Json], None],
    ) -> None:
        self._api = api
        self._path = path
        self._selector = selector
        self._on_list = on_list
        self._on_event = on_event
        self.lists = 0

    async def run(self) -> None:
        """Go on until cancelled."""
        failures = 0
        version: str | None = None
        while True:
            try:
                if version is None:
                    version = await self._list()
                    failures = 0
                version = await self._watch(version)
                failures = 0
            except ApiError as error:
                if error.status == 410:
                    version = None
                    if not failures:
                        failures = 1
                        continue
                else:
                    log(logging.WARNING, "API server refused, will try again", path=self._path, error=error)
                    version = None
                failures += 1
            except ApiUnreachable as error:
                log(logging.WARNING, "API server away, will try again", path=self._path, error=error)
                failures += 1
            # Many nodes must not come back in the same instant.
            await asyncio.sleep(doubling(FIRST_PAUSE, failures, PAUSE_FACTOR) * random.uniform(0.8, 1.2))  # noqa: S311

    async def _list(self) -> str:
        found = await self._api.request("GET", self._path, params=self._selector, timeout=60)
        self.lists += 1
        items = list(found.get("items") or [])
        self._guarded(lambda: self._on_list(items))
        return str(found["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> str:
        seconds = random.randint(WATCH_SECONDS, 2 * WATCH_SECONDS)  # noqa: S311
        params = {**self._selector, "resourceVersion": version, "timeoutSeconds": str(seconds)}
        async for event in self._api.watch(self._path, params, silence=seconds + 30):
            kind, found = str(event.get("type")), event.get("object") or {}
            if kind == "ERROR":
                raise ApiError(int(found.get("code") or 500), str(found.get("reason", "")), str(found.get("message", "")))
            if kind != "BOOKMARK":
                self._guarded(lambda kind=kind, found=found: self._on_event(kind, found))  # type: ignore[misc]
            version = str(found["metadata"]["resourceVersion"])
        return version

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except (NodeError, KeyError, TypeError, ValueError) as error:
            log(logging.ERROR, "an object could not be taken in", path=self._path, error=error)
