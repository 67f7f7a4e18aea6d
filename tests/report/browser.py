"""A headless Chromium that a test drives over the DevTools protocol; it ends, with its profile, when the test does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
PATIENCE = 40.0


def chromium() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One open page: what it said, what it asked the network for, and a way to run JavaScript in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())
        self.complaints: list[str] = []
        self.requested: list[str] = []

    async def open(self, address: str, width: int = 1250, height: int = 1500, scheme: str = "light") -> Self:
        """Load `address` and wait until it is drawn."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await self.call("Page.navigate", url=address)
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)
        await self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)))")
        return self

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited. Raises AssertionError where it throws."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One command of the DevTools protocol and its answer."""
        number = len(self._answers) + 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": arguments})
        answer = await asyncio.wait_for(self._answers[number], PATIENCE)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return dict(answer["result"])

    async def _listen(self) -> None:
        async for message in self._socket:
            said = message.json()
            about = said.get("params", {})
            match said.get("method"):
                case None:
                    self._answers[said["id"]].set_result(said)
                case "Page.loadEventFired":
                    self._loaded.set()
                case "Runtime.exceptionThrown":
                    self.complaints.append(str(about["exceptionDetails"]))
                case "Runtime.consoleAPICalled" if about["type"] in ("error", "warning", "assert"):
                    self.complaints.append(str(about["args"]))
                case "Log.entryAdded" if about["entry"]["level"] in ("error", "warning"):
                    self.complaints.append(about["entry"]["text"])
                case "Network.requestWillBeSent":
                    self.requested.append(about["request"]["url"])

    async def close(self) -> None:
        """Stop listening."""
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening


@asynccontextmanager
async def page(program: str) -> AsyncIterator[Page]:
    """An empty page in a browser of its own. The browser is a process group, so that all of it can be ended."""
    profile = Path(tempfile.mkdtemp(prefix="generalprobe-browser-"))
    command = [program, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        port = await _port(profile, process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                targets = await answer.json()
            address = next(one["webSocketDebuggerUrl"] for one in targets if one["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                opened = Page(socket)
                try:
                    yield opened
                finally:
                    await opened.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for _ in range(20):  # its children may still be writing into the profile
            shutil.rmtree(profile, ignore_errors=True)
            if not profile.exists():
                break
            await asyncio.sleep(0.1)


async def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    told = profile / "DevToolsActivePort"
    for _ in range(int(PATIENCE / 0.1)):
        assert process.poll() is None, f"the browser ended with {process.returncode} before it was ready"
        if told.exists() and (lines := told.read_text().split()):
            return int(lines[0])
        await asyncio.sleep(0.1)
    raise AssertionError(f"the browser was not ready within {PATIENCE:g} s")
