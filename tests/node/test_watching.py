"""List and watch against servers that misbehave as API servers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from harness.node.api import ApiClient
from harness.node.kubeconfig import ApiAccess, load_access
from harness.node.watching import Reflector
from tests.node.conftest import Cluster
from tests.node.controlplane import ControlPlane

Json = dict[str, Any]


def thing(name: str, version: int) -> Json:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": str(version)}}


def line(kind: str, body: Json) -> bytes:
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


def error(code: int) -> bytes:
    return line("ERROR", {"kind": "Status", "code": code, "reason": "Expired", "message": "too old"})


class Scripted:
    """Answers the n-th watch with the n-th script: bytes of a body, a status code, or None for a cut connection."""

    def __init__(self, watches: list[bytes | int | None]) -> None:
        self.watches = list(watches)
        self.asked: list[str] = []
        self.lists = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            self.lists += 1
            self.asked.append("list")
            if self.lists == 1:
                return web.Response(status=500, text="not yet")
            return web.json_response({"metadata": {"resourceVersion": "10"}, "items": [thing("a", 9)]})
        self.asked.append(f"watch {request.query['resourceVersion']}")
        script = self.watches.pop(0) if self.watches else b""
        if isinstance(script, int):
            return web.json_response({"reason": "Expired", "message": "old"}, status=script)
        response = web.StreamResponse()
        await response.prepare(request)
        if script is None:
            request.transport.close()  # type: ignore[union-attr]
        elif not self.watches:
            await response.write(script)
            await asyncio.sleep(30)
        else:
            await response.write(script[: len(script) // 2])  # lines are cut anywhere on their way
            await asyncio.sleep(0.01)
            await response.write(script[len(script) // 2 :])
        return response


async def reflect(server: Scripted, done: Callable[[], bool], seen: list[Any]) -> None:
    app = web.Application()
    app.router.add_get("/things", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api = ApiClient(ApiAccess(f"http://127.0.0.1:{runner.addresses[0][1]}"))
    reflector = Reflector(
        api,
        "/things",
        {},
        lambda items: seen.append([item["metadata"]["name"] for item in items]),
        lambda kind, found: seen.append((kind, found["metadata"]["name"])),
    )
    task = asyncio.create_task(reflector.run())
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await api.close()
    await runner.cleanup()


def test_the_watch_goes_on_after_errors_bookmarks_cuts_and_expired_versions() -> None:
    server = Scripted(
        [
            line("ADDED", thing("b", 11)) + line("BOOKMARK", {"metadata": {"resourceVersion": "20"}}),
            None,
            line("MODIFIED", thing("b", 21)) + error(410),
            410,
            410,
            b"no json\n",
            line("DELETED", thing("b", 30)),
        ]
    )
    seen: list[Any] = []
    asyncio.run(reflect(server, lambda: ("DELETED", "b") in seen, seen))
    # The first list fails; a bookmark moves the version; a cut goes on from there; 410 of either kind lists again.
    assert server.asked == [
        *("list", "list", "watch 10", "watch 20", "watch 20", "list", "watch 10", "list", "watch 10"),
        *("list", "watch 10", "watch 10"),
    ]
    assert seen == [["a"], ("ADDED", "b"), ("MODIFIED", "b"), ["a"], ["a"], ["a"], ("DELETED", "b")]


def test_an_object_that_its_listener_chokes_on_does_not_end_the_watch() -> None:
    server = Scripted([line("ADDED", {"metadata": {"resourceVersion": "11"}}) + line("ADDED", thing("c", 12))])
    seen: list[Any] = []
    asyncio.run(reflect(server, lambda: ("ADDED", "c") in seen, seen))


@pytest.mark.cluster
def test_a_real_api_server_calls_a_version_of_before_its_restart_expired(plane: ControlPlane, cluster: Cluster) -> None:
    cluster.create("configmaps", {"metadata": {"name": "moves-the-version"}})
    if plane.apiserver.starts == 1:  # else another test has done it
        plane.apiserver.kill()
        plane.apiserver.start()

    async def scene() -> Json:
        api = ApiClient(load_access(plane.kubeconfig))
        try:
            async for event in api.watch("/api/v1/pods", {"resourceVersion": "1"}, silence=20):
                return event
        finally:
            await api.close()
        return {}

    event = asyncio.run(scene())
    assert event["type"] == "ERROR"
    assert event["object"]["code"] == 410
