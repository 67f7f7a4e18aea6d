"""Writing a pod's status to the API server: the newest state, in order, until it is taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from harness.node.api import STRATEGIC, ApiClient, Json
from harness.node.backoff import doubling
from harness.node.errors import ApiError, ApiUnreachable
from harness.node.journal import log


class StatusPublisher:
    """Sends the latest of ``patches``; what is superseded before it could be sent is left out.

    Attributes:
        gone: set when the API server no longer has the pod.
    """

    def __init__(self, api: ApiClient, path: str) -> None:
        self._api = api
        self._path = path
        self._latest: Callable[[], Json] | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.gone = asyncio.Event()

    def publish(self, make_patch: Callable[[], Json]) -> None:
        """Send the patch that ``make_patch`` gives when its turn comes."""
        if self.gone.is_set():
            return
        self._latest = make_patch
        self._idle.clear()
        self._wake.set()

    async def settled(self, timeout: float) -> bool:
        """Wait until everything is sent or the pod is gone; False when it took longer than ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Send until cancelled."""
        failures = 0
        while not self.gone.is_set():
            await self._wake.wait()
            self._wake.clear()
            make_patch, self._latest = self._latest, None
            if make_patch is None:
                continue
            try:
                await self._api.request("PATCH", f"{self._path}/status", make_patch(), content_type=STRATEGIC)
                failures = 0
            except ApiError as error:
                # 404: deleted; 409: another pod has the name now (the uid in the patch differs).
                if error.status in (404, 409):
                    self.gone.set()
                    break
                log(logging.ERROR, "pod status refused", path=self._path, error=error)
                if error.status == 422:  # it would be refused again; the next change is another status
                    self._settle()
                    continue
                failures += 1
            except ApiUnreachable:
                failures += 1
            if failures:
                self._latest = self._latest or make_patch
                self._wake.set()
                await asyncio.sleep(doubling(0.2, failures, 25))
            else:
                self._settle()
        self._idle.set()

    def _settle(self) -> None:
        if self._latest is None:
            self._idle.set()
