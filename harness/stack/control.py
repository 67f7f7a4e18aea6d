"""How others reach a supervisor: a unix socket in the cluster's folder, and the watches that end it with its owner."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from harness.errors import RehearseError, Unavailable
from harness.stack.process import ProcessRecord, is_alive


class Controlled(Protocol):
    """What a supervisor does on request."""

    async def restart(self, name: str) -> None:
        """Stop and start one part."""

    async def add(self, name: str, program: str) -> None:
        """Start one more part."""


@contextmanager
def _short_path(folder: Path) -> Iterator[str]:
    """The socket's path by way of /proc, because a unix socket's may not be longer than 107 bytes."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/control.sock"
    finally:
        os.close(descriptor)


@asynccontextmanager
async def serve_control(folder: Path, controlled: Controlled) -> AsyncIterator[None]:
    """Answer requests, one JSON line each, while the block runs."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            reply = await _reply(request, controlled)
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        except (ValueError, OSError):
            pass
        finally:
            writer.close()

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with _short_path(folder) as path:
            listener.bind(path)
    finally:
        os.umask(before)
    server = await asyncio.start_unix_server(answer, sock=listener)
    try:
        yield
    finally:
        server.close()


async def _reply(request: dict[str, Any], controlled: Controlled) -> dict[str, Any]:
    try:
        match request:
            case {"do": "restart", "part": str(name)}:
                await controlled.restart(name)
            case {"do": "add", "part": str(name), "program": str(program)}:
                await controlled.add(name, program)
            case _:
                raise Unavailable(f"The supervisor does not know how to {request}.")
    except RehearseError as error:
        return {"error": str(error)}
    return {"done": True}


def ask(folder: Path, request: dict[str, Any], timeout_seconds: float = 60) -> None:
    """Have the supervisor do something, and wait until it is done. Raises Unavailable with its answer when it cannot."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout_seconds)
        try:
            with _short_path(folder) as path:
                client.connect(path)
            client.sendall(json.dumps(request).encode() + b"\n")
            reply = json.loads(client.makefile().readline() or "{}")
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"The supervisor of the cluster in {folder} does not answer ({error}); see `rehearse status`."
            ) from None
    if "error" in reply:
        raise Unavailable(str(reply["error"]))


@contextmanager
def watch_owner(owner: ProcessRecord | None, ended: Callable[[], None]) -> Iterator[None]:
    """Call `ended` when the owning process is gone, at once if it already is."""
    if owner is None:
        yield
        return
    try:
        descriptor = os.pidfd_open(owner.pid)
    except ProcessLookupError:
        ended()
        yield
        return
    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(descriptor)
        ended()

    try:
        loop.add_reader(descriptor, gone)
        if not is_alive(owner):
            gone()
        yield
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@contextmanager
def watch_starter(channel: socket.socket | None, ended: Callable[[], None]) -> Iterator[None]:
    """Call `ended` when the starter goes away before it has said that it lets go (any byte), as on Ctrl-C."""
    if channel is None:
        yield
        return
    loop = asyncio.get_running_loop()
    descriptor = channel.fileno()

    def heard() -> None:
        loop.remove_reader(descriptor)
        try:
            said = channel.recv(16)
        except OSError:  # it died with progress unread, which resets the connection
            said = b""
        if not said:
            ended()

    loop.add_reader(descriptor, heard)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
