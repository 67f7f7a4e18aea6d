"""The harness's own receiver of notifications: Alertmanager's webhook at /notify/<receiver name>.

Format: prometheus.io/docs/alerting/latest/configuration/#webhook_config (version 4).
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as TookTooLong
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import httpx

from harness.errors import RehearseError, Unavailable
from harness.observe.base import Context
from harness.observe.pace import paced
from harness.record.rows import Json, Notification
from harness.record.views import timestamp

EVERY = 1.0
LARGEST = 8 * 1024 * 1024
DURABLE_WITHIN = 30.0
PREFIX = "/notify/"

Take = Callable[[str, Json], None]


def notifications(receiver: str, delivery: Json, at: float) -> list[Notification]:
    """One row per alert of a delivery. Raises ValueError, KeyError or TypeError where it is no such delivery."""
    rows = []
    for alert in delivery["alerts"]:
        starts_at, ends_at = timestamp(alert["startsAt"]), timestamp(alert.get("endsAt"))
        if starts_at is None:
            raise ValueError("an alert without startsAt")
        rows.append(
            Notification(
                at=at,
                receiver=receiver,
                status=str(alert["status"]),
                name=str(alert["labels"].get("alertname", "")),
                labels=dict(alert["labels"]),
                starts_at=starts_at,
                ends_at=ends_at if ends_at and ends_at > 0 else None,  # Go's zero time, year 1, says "not ended"
            )
        )
    return rows


def server(port: int, take: Take) -> ThreadingHTTPServer:
    """A server on loopback that hands every delivery to `take` and answers 200 once that has returned. Raises OSError."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            self._answer(200 if self.path == "/healthz" else 404)

        def do_POST(self) -> None:
            path = unquote(urlsplit(self.path).path)
            length = int(self.headers.get("Content-Length") or -1)
            if not 0 <= length <= LARGEST:
                self.close_connection = True
                self._answer(411 if length < 0 else 413)
                return
            body = self.rfile.read(length)
            name = path.removeprefix(PREFIX)
            if not path.startswith(PREFIX) or not name or "/" in name:
                self._answer(404)
                return
            try:
                take(name, json.loads(body))
            except (ValueError, KeyError, TypeError, AttributeError):
                self._answer(400)
            except (RehearseError, TookTooLong, RuntimeError):
                self._answer(503)  # not in the record: Alertmanager is to send it again
            else:
                self._answer(200)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing: what counts is in the record."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


class Observer:
    """Listens, and checks itself through its own socket every second."""

    source: ClassVar[str] = "receiver"
    patience: ClassVar[float] = 3.5

    async def run(self, context: Context) -> None:
        """Listen until cancelled."""
        loop = asyncio.get_running_loop()

        def take(receiver: str, delivery: Json) -> None:
            rows = notifications(receiver, delivery, context.clock())
            left_out = int(delivery.get("truncatedAlerts") or 0)
            asyncio.run_coroutine_threadsafe(context.write_durably(*rows), loop).result(DURABLE_WITHIN)
            if left_out:
                note = context.note("warning", f"Alertmanager left {left_out} alerts out of a delivery to {receiver}")
                asyncio.run_coroutine_threadsafe(note, loop)

        port = context.target.receiver_port
        try:
            listening = server(port, take)
        except OSError as error:
            raise Unavailable(f"port {port} for notifications cannot be had: {error.strerror}") from None
        threading.Thread(
            target=listening.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True, name="receiver"
        ).start()
        try:
            await self._check(port, context)
        finally:
            await asyncio.to_thread(listening.shutdown)
            listening.server_close()

    @staticmethod
    async def _check(port: int, context: Context) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=2.0, trust_env=False) as client:
            async for _ in paced(EVERY):
                try:
                    (await client.get("/healthz")).raise_for_status()
                    context.saw()
                except httpx.HTTPError as error:
                    context.currency.failed(f"{type(error).__name__}: {error}")
