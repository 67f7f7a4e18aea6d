"""The agent itself: its stop, its crash, its restart, an API server that is away, and the embedded form."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.node import NodeAgent, NodeError, NodeSettings, PodView
from harness.node.leftovers import end_leftovers, find_leftovers, read_stat, record
from tests.node.conftest import Agent, Cluster, alive, conditions, ready, status
from tests.node.controlplane import ControlPlane

GROUP = "sh -c 'while true; do sleep 0.1; done' & setsid sleep 600 & echo $$$$ $!; while true; do sleep 0.1; done"


def pids(agent: Agent, cluster: Cluster, pod: dict[str, object]) -> list[int]:
    text = cluster.wait("the pids", lambda: agent.output(pod).split())
    return [int(word) for word in text]


@pytest.mark.cluster
def test_a_killed_agent_leaves_no_process_and_its_successor_starts_the_pods_anew(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path
) -> None:
    with Agent(plane, "node-kill", tmp_path / "k", "127.10.65.0/24") as agent:
        created = cluster.run("node-kill", "survivor", {"args": ["-c", GROUP]})
        before = cluster.until("survivor", "ready", ready)
        first = pids(agent, cluster, created)
        agent.process.kill()
        agent.process.wait()
        cluster.wait("all to end", lambda: not any(alive(pid) for pid in first))
        cluster.wait("nothing to be left", lambda: not find_leftovers(agent.root))
        agent.start()
        after = cluster.until("survivor", "restarted", lambda pod: status(pod)["restartCount"] == 1 and ready(pod))
        assert after["status"]["podIP"] == before["status"]["podIP"]
        assert after["metadata"]["uid"] == created["metadata"]["uid"]


@pytest.mark.cluster
def test_a_stopped_agent_ends_its_pods_and_marks_the_node_not_ready(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path
) -> None:
    with Agent(plane, "node-stop", tmp_path / "s", "127.10.66.0/24") as agent:
        created = cluster.run("node-stop", "stopped", {"args": ["-c", GROUP]}, restartPolicy="Never")
        cluster.until("stopped", "ready", ready)
        running = pids(agent, cluster, created)
        assert agent.stop() == 0
        assert not any(alive(pid) for pid in running)
        assert not find_leftovers(agent.root)
        pod = cluster.pod("stopped") or {}
        assert not ready(pod)
        assert pod["status"]["phase"] == "Running", "the next agent must be able to start it anew"
        assert conditions(cluster.http.get("/api/v1/nodes/node-stop").json())["Ready"] == "False"


@pytest.mark.cluster
def test_a_node_can_be_removed_on_stop(plane: ControlPlane, cluster: Cluster, tmp_path: Path) -> None:
    with Agent(plane, "node-gone", tmp_path / "g", "127.10.67.0/24", "--remove-node") as agent:
        cluster.wait("the node", lambda: cluster.http.get("/api/v1/nodes/node-gone").status_code == 200)
        assert agent.stop() == 0
    assert cluster.http.get("/api/v1/nodes/node-gone").status_code == 404


@pytest.mark.cluster
def test_a_second_agent_on_the_same_root_is_refused_in_one_sentence(
    plane: ControlPlane, cluster: Cluster, agent: Agent
) -> None:
    argv = [sys.executable, "-m", "harness.node", "--kubeconfig", str(plane.kubeconfig), "--node-name", "twin"]
    done = subprocess.run([*argv, "--root", str(agent.root)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Another node agent uses" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.cluster
def test_pods_live_on_while_the_api_server_is_away_and_changes_are_caught_up_with(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path
) -> None:
    with Agent(plane, "node-away", tmp_path / "w", "127.10.68.0/24") as agent:
        script = "echo $$$$; while true; do test -f ready && exec sleep 600; sleep 0.1; done"
        probe = {"exec": {"command": ["test", "-f", "ready"]}, "periodSeconds": 1}
        created = cluster.run("node-away", "patient", {"args": ["-c", script], "readinessProbe": probe})
        cluster.until("patient", "running", lambda pod: status(pod)["state"].get("running"))
        pid = pids(agent, cluster, created)[0]
        plane.apiserver.kill()
        (agent.folder(created) / "ready").touch()
        time.sleep(0.5)
        assert alive(pid)
        plane.apiserver.start()
        pod = cluster.until("patient", "ready", ready)
        assert status(pod)["restartCount"] == 0
        cluster.run("node-away", "newcomer", {"args": ["-c", "sleep 600"]})
        cluster.until("newcomer", "ready", ready)


@pytest.mark.cluster
def test_an_embedded_agent_tells_its_listener_of_readiness_and_of_its_end(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "images.yaml").write_text("images: {sh: {command: [sh]}}")
    settings = NodeSettings(
        plane.kubeconfig, "node-inside", "127.10.69.0/24", (tmp_path / "images.yaml",), tmp_path / "root"
    )
    views: list[PodView] = []

    async def scene() -> None:
        agent = NodeAgent(settings, views.append)
        running = asyncio.create_task(agent.run())
        await agent.registered.wait()
        ports = [{"name": "http", "containerPort": 8080}]
        await asyncio.to_thread(cluster.run, "node-inside", "told", {"args": ["-c", "sleep 600"], "ports": ports})
        await asyncio.to_thread(cluster.until, "told", "ready", ready)
        await asyncio.to_thread(cluster.delete, "told")
        await asyncio.to_thread(cluster.until_gone, "told")
        await agent.stop()
        await running

    asyncio.run(scene())
    told = [view for view in views if view.name == "told"]
    assert [view.ready for view in told].count(True) == 1
    up = next(view for view in told if view.ready)
    assert up.ready_since is not None
    assert up.ports == {"http": 8080}
    assert up.ip.startswith("127.10.69.")
    after = told[told.index(up) + 1]
    assert (after.ready, after.terminating, after.phase, after.gone) == (False, True, "Running", False)
    assert told[-1].gone


def test_a_kubeconfig_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    settings = NodeSettings(tmp_path / "none", "n", "127.10.0.0/24", (), tmp_path / "root")
    with pytest.raises(NodeError, match="kubeconfig cannot be read"):
        asyncio.run(NodeAgent(settings).run())


def test_leftovers_are_found_by_pid_and_start_time_and_a_recycled_pid_is_left_alone(tmp_path: Path) -> None:
    ours, foreign = (subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(2))
    try:
        started = read_stat(ours.pid)
        assert started is not None
        record(tmp_path, "run", ours.pid, started.start_ticks, "c1")
        record(tmp_path, "run", foreign.pid, started.start_ticks - 1000, "c2")
        record(tmp_path, "run", os.getpid(), 1, "c3")
        assert end_leftovers(tmp_path) == 1
        assert ours.wait(5) == -signal.SIGKILL
        assert foreign.poll() is None
    finally:
        for process in (ours, foreign):
            process.kill()
            process.wait()


def test_leftovers_of_another_run_are_left_alone_when_a_run_is_named(tmp_path: Path) -> None:
    env = {**os.environ, "GENERALPROBE_NODE": f"{tmp_path.resolve()}#old"}
    process = subprocess.Popen(["sleep", "600"], env=env, start_new_session=True)
    try:
        while not find_leftovers(tmp_path, "old"):  # the kernel shows a new program's environment a moment after exec
            assert process.poll() is None
        assert end_leftovers(tmp_path, "new") == 0
        assert process.poll() is None
        assert end_leftovers(tmp_path / "elsewhere") == 0
        assert end_leftovers(tmp_path, "old") == 1
        assert process.wait(5) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
