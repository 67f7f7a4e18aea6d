"""Events about pods and the node: repeated ones are counted, floods are held back.

Source of the limits: the kubelet's client-go EventCorrelator (burst 25 per object, then one per 5 minutes).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from harness.node.api import STRATEGIC, ApiClient, Json
from harness.node.errors import ApiError, ApiUnreachable
from harness.node.journal import log
from harness.node.status import rfc3339

BURST = 25
REFILL_SECONDS = 300.0
MEMORY = 2048
"""How many different events are remembered for counting."""
FLUSH_SECONDS = 0.2
"""Repeats within this time become one write."""


@dataclass(frozen=True)
class Allowance:
    """A token bucket: writes that one object's events may still cause."""

    tokens: float = BURST
    at: float = 0.0

    def spend(self, now: float) -> tuple[bool, Allowance]:
        """Whether a write is allowed at ``now`` (seconds), and what is left."""
        tokens = min(float(BURST), self.tokens + (now - self.at) / REFILL_SECONDS)
        if tokens < 1:
            return False, Allowance(tokens, now)
        return True, Allowance(tokens - 1, now)


@dataclass(frozen=True)
class Sighting:
    """One kind of event about one object: what it says, how often and when it was seen; ``name`` once it is written."""

    regarding: Mapping[str, Any]
    kind: str
    reason: str
    message: str
    first: datetime
    last: datetime
    count: int = 1
    name: str | None = None

    @property
    def namespace(self) -> str:
        """Where the event is written; events about cluster objects go to ``default``."""
        return str(self.regarding.get("namespace") or "default")


Key = tuple[str, str, str, str, str]


def key_of(regarding: Mapping[str, Any], kind: str, reason: str, message: str) -> Key:
    """What makes two events the same."""
    return (str(regarding.get("uid", "")), str(regarding.get("fieldPath", "")), kind, reason, message)


def event_json(seen: Sighting, name: str, source: Mapping[str, str]) -> Json:
    """The event as an object of the API."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": seen.namespace},
        "involvedObject": dict(seen.regarding),
        "type": seen.kind,
        "reason": seen.reason,
        "message": seen.message[:1024],
        "firstTimestamp": rfc3339(seen.first),
        "lastTimestamp": rfc3339(seen.last),
        "count": seen.count,
        "source": dict(source),
        "reportingComponent": source["component"],
        "reportingInstance": source["host"],
    }


class EventRecorder:
    """Takes events at once and writes them in the background; one that cannot be written is dropped."""

    def __init__(self, api: ApiClient, node_name: str, now: Callable[[], datetime]) -> None:
        self._api = api
        self._source = {"component": "generalprobe-node", "host": node_name}
        self._now = now
        self._seen: OrderedDict[Key, Sighting] = OrderedDict()
        self._allowances: OrderedDict[str, Allowance] = OrderedDict()
        self._unwritten: OrderedDict[Key, None] = OrderedDict()
        self._wake = asyncio.Event()

    def emit(self, regarding: Mapping[str, Any], kind: str, reason: str, message: str) -> None:
        """Note an event; ``kind`` is Normal or Warning."""
        now = self._now()
        key = key_of(regarding, kind, reason, message)
        known = self._seen.pop(key, None)
        if known is None:
            self._seen[key] = Sighting(dict(regarding), kind, reason, message, now, now)
        else:
            self._seen[key] = replace(known, count=known.count + 1, last=now)
        while len(self._seen) > MEMORY:
            forgotten, _ = self._seen.popitem(last=False)
            self._unwritten.pop(forgotten, None)
        self._unwritten[key] = None
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what is noted now; what an object's allowance does not cover yet is counted on."""
        self._wake.clear()
        held: list[Key] = []
        while self._unwritten:
            key, _ = self._unwritten.popitem(last=False)
            seen = self._seen.get(key)
            if seen is None:
                continue
            if not self._allowed(key[0]):
                held.append(key)
                continue
            try:
                await self._write(key, seen)
            except (ApiError, ApiUnreachable) as error:
                log(logging.DEBUG, "event not written", reason=seen.reason, error=error)
        for key in held:  # written with a later sighting, then with the full count
            self._unwritten[key] = None

    def _allowed(self, uid: str) -> bool:
        allowance = self._allowances.pop(uid, Allowance(at=self._now().timestamp()))
        allowed, self._allowances[uid] = allowance.spend(self._now().timestamp())
        while len(self._allowances) > MEMORY:
            self._allowances.popitem(last=False)
        return allowed

    async def _write(self, key: Key, seen: Sighting) -> None:
        path = f"/api/v1/namespaces/{seen.namespace}/events"
        if seen.name is not None:
            change = {"count": seen.count, "lastTimestamp": rfc3339(seen.last)}
            try:
                await self._api.request("PATCH", f"{path}/{seen.name}", change, content_type=STRATEGIC)
                return
            except ApiError as error:
                if error.status != 404:  # it may have expired
                    raise
        name = f"{seen.regarding.get('name', 'node')}.{uuid.uuid4().hex[:16]}"
        await self._api.request("POST", path, event_json(seen, name, self._source))
        if key in self._seen:
            self._seen[key] = replace(self._seen[key], name=name)
