"""Asking a container: one short connection per probe, read only as far as the answer needs."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from harness.node.probes import Action, Exec, HttpGet, ProbeResult, Sleep, TcpSocket

RunCommand = Callable[[tuple[str, ...], float], Awaitable[ProbeResult]]
BODY_LIMIT = 10 * 1024


def _any_certificate() -> ssl.SSLContext:
    # A kubelet does not verify certificates of probes either: the pod's IP is in no certificate.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def ask(action: Action, pod_ip: str, timeout: float, run_command: RunCommand) -> ProbeResult:
    """Do what a probe or hook asks, within ``timeout`` seconds; every failure is an answer, none is raised."""
    match action:
        case Exec(command):
            return await run_command(command, timeout)
        case Sleep(seconds):
            await asyncio.sleep(min(seconds, timeout))
            return ProbeResult(True)
        case HttpGet():
            return await _bounded(_http_get(action, pod_ip), timeout, "HTTP")
        case TcpSocket():
            return await _bounded(_tcp_connect(action, pod_ip), timeout, "TCP")


async def _bounded(asking: Awaitable[ProbeResult], timeout: float, title: str) -> ProbeResult:
    try:
        async with asyncio.timeout(timeout):
            return await asking
    except TimeoutError:
        return ProbeResult(False, f"{title} probe failed: no answer within {timeout:g} s")
    except (OSError, ssl.SSLError, ValueError, asyncio.IncompleteReadError) as error:
        return ProbeResult(False, f"{title} probe failed: {error}")


async def _tcp_connect(action: TcpSocket, pod_ip: str) -> ProbeResult:
    _, writer = await asyncio.open_connection(action.host or pod_ip, action.port)
    writer.close()
    return ProbeResult(True)


async def _http_get(action: HttpGet, pod_ip: str) -> ProbeResult:
    host = action.host or pod_ip
    context = _any_certificate() if action.scheme == "HTTPS" else None
    reader, writer = await asyncio.open_connection(host, action.port, ssl=context)
    try:
        writer.write(http_request(action, host))
        status_line = await reader.readline()
        status = status_of(status_line)
        rest = BODY_LIMIT
        while rest > 0 and (chunk := await reader.read(rest)):  # hanging up early shows as an error in the server's log
            rest -= len(chunk)
    finally:
        writer.close()
    # A redirect counts as success, as a kubelet counts one to another host; it is not followed.
    if 200 <= status < 400:
        return ProbeResult(True)
    return ProbeResult(False, f"HTTP probe failed with statuscode: {status}")


def http_request(action: HttpGet, host: str) -> bytes:
    """The bytes of the request; the probe's own headers replace the default ones of the same name."""
    headers = {"host": ("Host", f"{host}:{action.port}"), "user-agent": ("User-Agent", "kube-probe/1.36")}
    headers["accept"] = ("Accept", "*/*")
    for name, value in action.headers:
        headers[name.lower()] = (name, value)
    headers["connection"] = ("Connection", "close")
    lines = [f"GET {action.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.values())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")


def status_of(status_line: bytes) -> int:
    """The status code of an HTTP status line.

    Raises:
        ValueError: it is none.
    """
    words = status_line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise ValueError(f"malformed HTTP response {status_line[:80]!r}")
    return int(words[1])
