"""A small real HTTP server that speaks the CRM's contract, for one territory; prints its port and serves until killed.

Options make it misbehave: it stalls, answers with errors, hangs, or breaks off answers. `/control?...` changes them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit


class Server(asyncio.Protocol):
    settings: ClassVar[dict[str, str]] = {}
    counts: ClassVar[dict[str, int]] = {}
    begun = time.monotonic()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, rest = self.buffer.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            method, url, _ = lines[0].split(" ")
            self.serve(method, url, headers)

    def serve(self, method: str, url: str, headers: dict[str, str]) -> None:
        path = urlsplit(url).path
        if path == "/control":
            self.settings.update(parse_qsl(urlsplit(url).query, keep_blank_values=True))
            return self.answer(200, self.counts)
        self.counts[method] = self.counts.get(method, 0) + 1
        delay = float(self.settings.get("delay", 0)) + self.stall()
        if self.settings.get("hang") == path.strip("/").split("/")[0]:
            return None
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self.route, method, path, headers)
            return None
        return self.route(method, path, headers)

    def stall(self) -> float:
        """Seconds until the stall that is on now ends: `stall_for` out of every `stall_every`."""
        every, length = float(self.settings.get("stall_every", 0)), float(self.settings.get("stall_for", 0))
        if not every:
            return 0.0
        into = (time.monotonic() - self.begun) % every
        return max(0.0, length - into)

    def route(self, method: str, path: str, headers: dict[str, str]) -> None:  # noqa: PLR0911
        parts = path.strip("/").split("/")
        if self.settings.get("fail") == parts[0] and path != "/customers/ids":
            return self.answer(int(self.settings.get("status", 503)), {"error": "as told"})
        if self.settings.get("break") == parts[0]:
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nbroken off")
            return self.transport.close()
        if path == "/customers/ids":
            if self.settings.get("no_ids"):
                return self.answer(503, {"error": "not ready"})
            return self.answer(200, {"territory": "DE", "ids": list(range(1, 101))})
        if path == "/customers":
            return self.answer(200, [{"id": i} for i in range(1, 11)])
        if method == "POST":
            return self.answer(201, {"id": 1})
        if parts[-1] == "orders":
            return self.answer(200, [{"id": int(parts[1]) * 10}], tag='"l1"', sent=headers)
        return self.answer(200, {"id": int(parts[1])}, tag='"v1"', sent=headers)

    def answer(self, status: int, body: object, tag: str = "", sent: dict[str, str] | None = None) -> None:
        if tag and sent is not None and sent.get("if-none-match") == tag:
            status, content = 304, b""
        else:
            content = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nContent-Type: application/json\r\n"
        head += f"X-Pod: {self.settings.get('pod', 'pod-1')}\r\nX-Warm: {self.settings.get('warm', 'true')}\r\n"
        head += f"ETag: {tag}\r\n" if tag else ""
        self.transport.write(head.encode() + b"\r\n" + content)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("settings", nargs="*", help="name=value")
    Server.settings.update(dict(setting.split("=", 1) for setting in parser.parse_args().settings))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", int(Server.settings.get("port", 0)), backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
