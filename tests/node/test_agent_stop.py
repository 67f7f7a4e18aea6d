"""The agent's stop when the control plane cannot hear of it any more: agent and pods are gone all the same."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.node import NodeAgent, NodeSettings
from harness.node.leftovers import find_leftovers
from tests.node.conftest import Agent, Cluster, ready, state
from tests.node.controlplane import ControlPlane

pytestmark = pytest.mark.cluster
GRACE = 1.0
A_FEW_SECONDS = 9.0
STUBBORN = {"args": ["-c", "trap '' TERM; sleep 600 & while true; do sleep 0.1; done"]}


@contextlib.contextmanager
def broken(plane: ControlPlane, how: str) -> Iterator[None]:
    """A control plane that accepts requests and does not answer them, until the end of the block."""
    if how == "etcd is dead":
        plane.etcd.kill()
        # The kernel's answer to a connection is no longer given: the API server waits for its store.
        try:
            yield
        finally:
            plane.etcd.start()
            plane.apiserver.wait()
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
    node = f"node-{how.split()[-1]}"
    with Agent(plane, node, tmp_path / "a", "127.10.70.0/24", "--stop-grace", str(GRACE)) as agent:
        pods_of_every_kind(cluster, node)
        with broken(plane, how):
            time.sleep(1.5)  # heartbeats, statuses and events are under way
            began = time.monotonic()
            assert agent.stop(GRACE + A_FEW_SECONDS) == 0
            print(how, time.monotonic() - began)
            assert not find_leftovers(agent.root)
    forget(cluster, node)
