"""The agent's stop when the control plane cannot hear of it any more: agent and pods are gone all the same."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.node import NodeAgent, NodeSettings
from harness.node.leftovers import find_leftovers
from tests.node.conftest import Agent, Cluster, ready, state
from tests.node.controlplane import ControlPlane

pytestmark = pytest.mark.cluster
GRACE = 0.5
A_FEW_SECONDS = 8.0
STUBBORN = {"args": ["-c", "trap '' TERM; sleep 600 & while true; do sleep 0.1; done"]}


@contextlib.contextmanager
def broken(plane: ControlPlane, how: str) -> Iterator[None]:
    """A control plane that accepts requests and does not answer them, until the end of the block."""
    if how == "etcd is dead":
        plane.etcd.kill()
        try:
            yield
        finally:
            plane.etcd.start()
            plane.apiserver.kill()  # a new one is ready sooner than this one believes in its store again
            plane.apiserver.start()
    else:
        plane.apiserver.pause()
        try:
            yield
        finally:
            plane.apiserver.resume()


def pods_of_every_kind(cluster: Cluster, node: str) -> None:
    """Running and stubborn, crashing (a stream of events and statuses), and on its way out with a long grace period."""
    cluster.run(node, f"{node}-stubborn", STUBBORN, terminationGracePeriodSeconds=600)
    cluster.run(node, f"{node}-crashing", {"args": ["-c", "exit 1"]})
    cluster.run(node, f"{node}-leaving", STUBBORN, terminationGracePeriodSeconds=600)
    volumes = [{"name": "v", "configMap": {"name": "is-not-there"}}]
    cluster.run(node, f"{node}-waiting", STUBBORN, volumes=volumes)
    for name in ("stubborn", "leaving"):
        cluster.until(f"{node}-{name}", "ready", ready)
    cluster.until(f"{node}-crashing", "waiting", lambda pod: state(pod).get("waiting"))
    cluster.until_event(f"{node}-waiting", "FailedMount")
    cluster.delete(f"{node}-leaving")


def forget(cluster: Cluster, node: str) -> None:
    for name in ("stubborn", "crashing", "leaving", "waiting"):
        cluster.delete(f"{node}-{name}", grace=0)


@pytest.mark.parametrize("how", ["etcd is dead", "the API server is stopped"])
def test_the_agent_stops_in_time_whatever_the_control_plane_does(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path, how: str
) -> None:
    node = f"node-{how.rpartition(' ')[2]}"
    with Agent(plane, node, tmp_path / "a", "127.10.70.0/24", "--stop-grace", str(GRACE)) as agent:
        pods_of_every_kind(cluster, node)
        with broken(plane, how):
            time.sleep(0.5)  # heartbeats, statuses and events are under way
            assert agent.stop(GRACE + A_FEW_SECONDS) == 0
            assert not find_leftovers(agent.root)
    forget(cluster, node)


def embedded(plane: ControlPlane, folder: Path, node: str) -> NodeAgent:
    (folder / "images.yaml").write_text("images: {sh: {command: [sh]}}")
    images = (folder / "images.yaml",)
    return NodeAgent(NodeSettings(plane.kubeconfig, node, "127.10.71.0/24", images, folder / "root", stop_grace=GRACE))


async def stopped_with_a_pod(agent: NodeAgent, cluster: Cluster) -> float:
    """Run an agent with one stubborn pod, stop it, and tell how many seconds the stop took."""
    node = agent.settings.node_name
    running = asyncio.create_task(agent.run())
    try:
        await asyncio.to_thread(cluster.run, node, f"{node}-pod", STUBBORN)
        await asyncio.to_thread(cluster.until, f"{node}-pod", "ready", ready)
        began = time.monotonic()
        await agent.stop()
        return time.monotonic() - began
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_an_embedded_agent_whose_orderly_stop_hangs_is_cancelled_and_leaves_no_process(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: NodeAgent) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(NodeAgent, "_stop_pods", hang)
    monkeypatch.setattr("harness.node.agent.ORDERLY_STOP_SECONDS", 0.5)
    agent = embedded(plane, tmp_path, "node-hangs")
    took = asyncio.run(stopped_with_a_pod(agent, cluster))
    assert GRACE < took < GRACE + A_FEW_SECONDS
    assert not find_leftovers(agent.settings.root)
    cluster.delete("node-hangs-pod", grace=0)


def test_an_agent_whose_event_loop_hangs_is_ended_by_the_kernel_and_its_pods_by_the_warden(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path
) -> None:
    program = (
        "import sys, time\n"
        "from harness.node import __main__ as node\n"
        "node.LONGEST_STOP_SECONDS = 0.5\n"
        "node.NodeAgent._stop_pods = lambda self: time.sleep(600)\n"
        "sys.exit(node.main(sys.argv[1:]))\n"
    )
    with Agent(plane, "node-stuck", tmp_path / "a", "127.10.72.0/24", "--stop-grace", "0.5", program=program) as agent:
        cluster.run("node-stuck", "stuck", STUBBORN)
        cluster.until("stuck", "ready", ready)
        assert agent.stop(A_FEW_SECONDS) == -signal.SIGALRM
        cluster.wait("nothing to be left", lambda: not find_leftovers(agent.root))
    cluster.delete("stuck", grace=0)
