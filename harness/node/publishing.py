"""Writing a pod's status to the API server, the newest state until it is taken, and in the end its deletion."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from harness.node.api import STRATEGIC, ApiClient, Json
from harness.node.backoff import doubling
from harness.node.errors import ApiError, ApiUnreachable
from harness.node.journal import log
from harness.node.status import parse_time


class StatusPublisher:
    """Sends the latest of ``patches``; what is superseded before it could be sent is left out.

    Attributes:
        gone: set when the API server no longer has the pod.
    """

    def __init__(self, api: ApiClient, path: str, on_gone: Callable[[], None]) -> None:
        self._api = api
        self._path = path
        self._on_gone = on_gone
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
                    self._on_gone()
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


def remaining_grace(deletion: str, grace: float, now: datetime) -> float:
    """Seconds of grace left of a pod whose deletionTimestamp (deletion plus grace, whole seconds) is given."""
    # The timestamp lost up to a second; what is given back here is bounded by the grace itself.
    left = (parse_time(deletion) + timedelta(seconds=1) - now).total_seconds()
    return max(0.0, min(left, grace))


async def delete_pod(api: ApiClient, path: str, uid: str, still_wanted: Callable[[], bool]) -> None:
    """Remove a pod whose containers have ended from the API server; tries until it is gone or another pod has its name."""
    body: Json = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
    while still_wanted():
        try:
            await api.request("DELETE", path, body)
            return
        except ApiError as error:
            if error.status in (404, 409):
                return
            log(logging.WARNING, "pod could not be deleted, will try again", path=path, error=error)
        except ApiUnreachable as error:
            log(logging.WARNING, "pod could not be deleted, will try again", path=path, error=error)
        await asyncio.sleep(1)
