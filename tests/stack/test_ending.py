"""However a cluster ends, nothing of it stays: no process, no port, no folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import Unavailable
from harness.stack import address, build, cluster, health, process
from harness.stack.control import watch_starter
from harness.stack.parts import Need, needed
from harness.stack.progress import Silent
from harness.stack.state import ClusterState, Options, folder_of
from tests.stack.workbench import PATIENCE, ROOT, Kubectl, deployment, eventually, rehearse

pytestmark = pytest.mark.cluster


def processes_of(folder: Path) -> list[str]:
    """Every process that names the cluster's folder in its command line or environment, or works in it."""
    found = []
    for running in Path("/proc").iterdir():
        if not running.name.isdigit() or int(running.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            told = (running / "cmdline").read_bytes() + (running / "environ").read_bytes()
            if str(folder).encode() in told or str(running.joinpath("cwd").readlink()).startswith(str(folder)):
                found.append(f"{running.name} {(running / 'comm').read_text().strip()}")
    return found


def open_ports(state: ClusterState) -> list[int]:
    """The cluster's ports somebody listens on; unknown, so none, where another cluster has taken over its index."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as claim:
        try:
            claim.bind(f"\0generalprobe-cluster-{state.index}")
        except OSError:
            return []
        return [port for part in state.parts for port in part.ports.values() if not address.is_free(port)]


def assert_nothing_runs(state: ClusterState) -> None:
    eventually(lambda: not processes_of(state.folder))
    eventually(lambda: not open_ports(state))
    assert [part.name for part in state.parts if part.process and process.is_alive(part.process)] == []


@pytest.fixture
def own(state_home: Path, images: Path) -> Iterator[ClusterState]:
    """A cluster for one test, with a pod on it."""
    state = cluster.up(Options(name="own", lapse=12, images=[images], timeout_seconds=PATIENCE), Silent())
    kubectl = Kubectl(state)
    kubectl.apply(deployment("sleeper", "sleep"))
    kubectl("rollout", "status", "deployment/sleeper", f"--timeout={PATIENCE:g}s")
    assert any("sleep" in found for found in processes_of(state.folder))
    yield state
    cluster.down("own")


def test_down_leaves_nothing(own: ClusterState, state_home: Path) -> None:
    done = rehearse("down", "--name", "own", state_home=state_home)
    assert (done.returncode, done.stdout) == (0, "cluster 'own' ended\n")
    assert_nothing_runs(own)
    assert not own.folder.exists()
    assert rehearse("down", "--name", "own", state_home=state_home).stdout == "cluster 'own' was not running\n"


def test_a_killed_supervisor_takes_everything_with_it_and_down_clears_its_folder(own: ClusterState) -> None:
    os.kill(own.supervisor.pid, signal.SIGKILL)
    assert_nothing_runs(own)
    report = health.inspect("own")
    assert (report.phase, report.is_well) == ("crashed", False)
    with pytest.raises(Unavailable, match=r"not running.*`rehearse down` clears away"):
        cluster.read("own")
    assert cluster.down("own")
    assert not own.folder.exists()


def test_the_next_up_clears_away_what_a_crash_left(own: ClusterState, images: Path) -> None:
    os.kill(own.supervisor.pid, signal.SIGKILL)
    again = cluster.up(Options(name="own", lapse=12, images=[images], timeout_seconds=PATIENCE), Silent())
    assert again.supervisor != own.supervisor
    eventually(lambda: health.inspect("own").is_well)


def test_sigterm_to_the_supervisor_ends_everything(own: ClusterState) -> None:
    os.kill(own.supervisor.pid, signal.SIGTERM)
    eventually(lambda: not own.folder.exists())
    assert_nothing_runs(own)


@pytest.mark.parametrize("name", ["agent", "etcd", "postgres"])
def test_a_killed_part_is_named_and_the_rest_can_be_ended(own: ClusterState, name: str) -> None:
    killed = own.part(name).process
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    report = eventually(lambda: (found := health.inspect("own")).failure and found)
    assert f"{name} was killed by SIGKILL" in report.failure
    assert (report.phase, report.is_well) == ("failed", False)
    if name == "agent":
        eventually(lambda: not any("sleep" in found for found in processes_of(own.folder)))
    with pytest.raises(Unavailable, match="has failed"):
        cluster.up(Options(name="own", lapse=12), Silent())
    assert cluster.down("own")
    assert_nothing_runs(own)


def test_a_cluster_ends_with_its_owner(state_home: Path) -> None:
    owner = subprocess.Popen(["sleep", "100"])
    try:
        owned = process.record("owner", owner.pid)
        state = cluster.up(Options(name="owned", owner=owned, timeout_seconds=PATIENCE), Silent())
    finally:
        owner.kill()
        owner.wait()
    eventually(lambda: not state.folder.exists())
    assert_nothing_runs(state)


@pytest.mark.parametrize(("number", "after_seconds"), [(signal.SIGINT, 0.5), (signal.SIGKILL, 1.5), (signal.SIGINT, 3.0)])
def test_an_interrupted_up_leaves_nothing(state_home: Path, number: signal.Signals, after_seconds: float) -> None:
    name = f"cut-{number.name.lower()}-{after_seconds:g}".replace(".", "-")
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "harness.cli.main", "up", "--name", name]
    child = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    folder = folder_of(name)
    eventually(lambda: processes_of(folder))  # its supervisor: from then on somebody can clear the folder away
    time.sleep(after_seconds)
    child.send_signal(number)
    _, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == (130 if number is signal.SIGINT else -signal.SIGKILL), errors
    assert "Traceback" not in errors
    eventually(lambda: not processes_of(folder))
    eventually(lambda: not folder.exists())


def test_a_starter_that_dies_with_progress_unread_is_gone_all_the_same() -> None:
    async def notice() -> bool:
        starter, channel = socket.socketpair()
        gone = asyncio.Event()
        with channel, watch_starter(channel, gone.set):
            channel.sendall(b"progress that nobody reads")
            starter.close()
            await asyncio.wait_for(gone.wait(), PATIENCE)
        return gone.is_set()

    assert asyncio.run(notice())


def test_two_clusters_live_side_by_side(running: ClusterState, own: ClusterState) -> None:
    assert running.index != own.index
    assert running.pod_cidr != own.pod_cidr
    eventually(lambda: health.inspect(running.name).is_well and health.inspect(own.name).is_well)
    pods = Kubectl(own).get("pods", "-l", "app=sleeper")["items"]
    assert [pod["metadata"]["name"] for pod in Kubectl(running).get("pods", "-l", "app=sleeper")["items"]] == []
    assert pods[0]["status"]["podIP"].startswith(own.pod_cidr.rpartition(".")[0].rpartition(".")[0])


def test_a_taken_port_is_passed_over(state_home: Path) -> None:
    index, claim = address.claim_index()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The index is ours until the port is taken: a cluster of another test must not take either in between.
        with claim:
            first = address.choose_ports(index, ["etcd"])["etcd"]
            squatter.bind(("127.0.0.1", first))
            squatter.listen()
            assert address.choose_ports(index, ["etcd"])["etcd"] != first
        state = cluster.up(Options(name="squeezed", timeout_seconds=PATIENCE), Silent())
        assert first not in [port for part in state.parts for port in part.ports.values()]
        cluster.down("squeezed")


def test_a_part_that_cannot_start_ends_up_with_its_name_and_the_tail_of_its_log(
    state_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = build.provide(needed(Need.ALWAYS), None, Silent())
    broken = tmp_path / "kube-scheduler"
    broken.write_text("#!/bin/sh\necho the wheel came off >&2\nexit 7\n")
    broken.chmod(0o755)
    folder = folder_of("broken")
    monkeypatch.setattr(build, "provide", lambda *_: {**real, "kube-scheduler": broken})
    with pytest.raises(Unavailable, match=r"kube-scheduler ended with exit code 7; its log ends with:\nthe wheel came off"):
        cluster.up(Options(name="broken"), Silent())
    assert not folder.exists()
    eventually(lambda: not processes_of(folder))


def test_a_cluster_that_is_not_ready_in_time_says_what_it_waited_for(state_home: Path) -> None:
    with pytest.raises(Unavailable, match=r"not ready within 0.5 s; still waited for: .*external-metrics"):
        cluster.up(Options(name="hasty", timeout_seconds=0.5), Silent())
    assert not folder_of("hasty").exists()
