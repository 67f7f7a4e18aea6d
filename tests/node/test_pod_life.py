"""Pods on a real API server: start, status, probes, restarts, end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.node.conftest import Agent, Cluster, alive, conditions, ready, state, status

pytestmark = pytest.mark.cluster
Json = dict[str, Any]
SLEEP = {"args": ["-c", "sleep 600"]}


def web(**more: Any) -> Json:
    return {"image": "shop/web:1.2", "ports": [{"name": "http", "containerPort": 8080}], **more}


def test_the_node_is_ready_and_has_capacity_and_addresses(agent: Agent, cluster: Cluster) -> None:
    node = cluster.http.get("/api/v1/nodes/node-a").json()
    assert conditions(node)["Ready"] == "True"
    assert node["status"]["allocatable"]["pods"] == "110"
    assert node["status"]["capacity"]["memory"] == "24Gi"
    assert {"type": "InternalIP", "address": "127.0.0.1"} in node["status"]["addresses"]
    assert node["spec"]["podCIDR"] == "127.10.64.0/24"


def test_the_lease_of_the_node_is_renewed(agent: Agent, cluster: Cluster) -> None:
    first = agent.first_lease
    assert first["holderIdentity"] == "node-a"
    cluster.wait("a later renewTime", lambda: (cluster.lease("node-a") or first)["renewTime"] > first["renewTime"])


def test_a_pod_runs_on_its_own_address_and_tells_so(agent: Agent, cluster: Cluster) -> None:
    cluster.run("node-a", "plain", web())
    pod = cluster.until("plain", "ready", ready)
    assert pod["status"]["phase"] == "Running"
    assert pod["status"]["podIP"].startswith("127.10.64.")
    assert pod["status"]["hostIP"] == "127.0.0.1"
    assert set(conditions(pod).values()) == {"True"}
    assert status(pod)["containerID"].startswith("generalprobe://")
    assert all(c["observedGeneration"] == pod["metadata"]["generation"] for c in pod["status"]["conditions"])
    base = f"http://{pod['status']['podIP']}:8080"
    cluster.wait("an answer", lambda: httpx.get(base).status_code == 200)
    cluster.delete("plain")
    cluster.until_gone("plain")
    with pytest.raises(httpx.ConnectError):
        httpx.get(base)


def test_two_pods_have_two_addresses_and_an_address_is_not_used_again_at_once(agent: Agent, cluster: Cluster) -> None:
    seen = []
    for name in ("ip-1", "ip-2"):
        cluster.run("node-a", name, SLEEP)
        seen.append(cluster.until(name, "running", lambda pod: state(pod).get("running"))["status"]["podIP"])
    cluster.delete("ip-1", grace=0)
    cluster.until_gone("ip-1")
    cluster.run("node-a", "ip-3", SLEEP)
    seen.append(cluster.until("ip-3", "running", lambda pod: state(pod).get("running"))["status"]["podIP"])
    assert len(set(seen)) == 3


def test_a_pod_is_ready_only_when_its_readiness_probe_passes_and_not_when_it_fails_again(
    agent: Agent, cluster: Cluster
) -> None:
    probe = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1, "failureThreshold": 2}
    created = cluster.run("node-a", "probed", web(readinessProbe=probe))
    cluster.until_event("probed", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    pod = cluster.until("probed", "running", lambda pod: state(pod).get("running"))
    assert not ready(pod)
    assert conditions(pod)["Initialized"] == "True"
    (agent.folder(created) / "ready").touch()
    pod = cluster.until("probed", "ready", ready)
    stamp = datetime.fromisoformat(pod["metadata"]["annotations"]["generalprobe.dev/ready-at"])
    transition = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")["lastTransitionTime"]
    assert 0 <= (stamp - datetime.fromisoformat(transition)).total_seconds() < 1.5
    (agent.folder(created) / "ready").unlink()
    pod = cluster.until("probed", "not ready", lambda pod: not ready(pod))
    assert next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")["reason"] == "ContainersNotReady"


PROBES: dict[str, tuple[Json, bool]] = {
    "tcp-open": ({"tcpSocket": {"port": 8080}}, True),
    "tcp-shut": ({"tcpSocket": {"port": 8081}}, False),
    "exec-0": ({"exec": {"command": ["sh", "-c", "exit 0"]}}, True),
    "exec-1": ({"exec": {"command": ["sh", "-c", "exit 1"]}}, False),
    "exec-slow": ({"exec": {"command": ["sleep", "30"]}, "timeoutSeconds": 1}, False),
    "header": ({"httpGet": {"port": 8080, "path": "/asked", "httpHeaders": [{"name": "X-Asked", "value": "yes"}]}}, True),
    "no-header": ({"httpGet": {"port": 8080, "path": "/asked"}}, False),
}


@pytest.fixture(scope="module")
def probed(agent: Agent, cluster: Cluster) -> Iterator[None]:
    """A pod for each of the probes, all at once."""
    for name, (probe, _) in PROBES.items():
        cluster.run("node-a", name, web(readinessProbe={"periodSeconds": 1, **probe}))
    yield
    for name in PROBES:
        cluster.delete(name, grace=0)


@pytest.mark.usefixtures("probed")
@pytest.mark.parametrize("name", PROBES)
def test_probes_of_every_kind_pass_and_fail(cluster: Cluster, name: str) -> None:
    if PROBES[name][1]:
        cluster.until(name, "ready", ready)
    else:
        cluster.until_event(name, "Unhealthy", "Readiness probe failed")
        time.sleep(0.2)
        assert not ready(cluster.pod(name) or {})


def test_the_startup_probe_holds_the_others_back(agent: Agent, cluster: Cluster) -> None:
    container = web(
        startupProbe={"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 600},
        livenessProbe={"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1},
    )
    created = cluster.run("node-a", "starting", container)
    cluster.until_event("starting", "Unhealthy", "Startup probe failed")
    time.sleep(0.6)  # three liveness periods: each would have killed it
    pod = cluster.pod("starting") or {}
    assert status(pod)["restartCount"] == 0
    assert status(pod)["started"] is False
    (agent.folder(created) / "ready").touch()
    cluster.until("starting", "ready", ready)
    (agent.folder(created) / "ready").unlink()
    cluster.until_event("starting", "Killing", "failed liveness probe, will be restarted")


def test_a_container_that_fails_its_liveness_probe_is_restarted(agent: Agent, cluster: Cluster) -> None:
    probe = {
        "httpGet": {"path": "/live", "port": 8080},
        "periodSeconds": 1,
        "failureThreshold": 2,
        "initialDelaySeconds": 2,
    }
    created = cluster.run("node-a", "dying", web(livenessProbe=probe))
    cluster.until("dying", "running", lambda pod: state(pod).get("running"))
    (agent.folder(created) / "dead").touch()
    pod = cluster.until("dying", "restarted", lambda pod: status(pod)["restartCount"] >= 1)
    assert status(pod)["lastState"]["terminated"]["exitCode"] == 143
    cluster.until_event("dying", "Killing", "Container main failed liveness probe, will be restarted")


def test_a_crashing_container_backs_off_and_says_so(agent: Agent, cluster: Cluster) -> None:
    created = cluster.run("node-a", "crashing", {"args": ["-c", "echo run; exit 7"]})
    pod = cluster.until(
        "crashing", "CrashLoopBackOff", lambda pod: state(pod).get("waiting", {}).get("reason") == "CrashLoopBackOff"
    )
    assert status(pod)["lastState"]["terminated"]["exitCode"] == 7
    assert status(pod)["lastState"]["terminated"]["reason"] == "Error"
    assert "back-off 0.5s restarting failed container=main" in state(pod)["waiting"]["message"]
    assert pod["status"]["phase"] == "Running"
    cluster.until_event("crashing", "BackOff", "Back-off restarting failed container main in pod crashing")
    cluster.until("crashing", "three restarts", lambda pod: status(pod)["restartCount"] >= 3)
    event = cluster.wait("a count", lambda: next((e for e in cluster.events("crashing") if e.get("count", 0) > 1), None))
    assert event["reason"] in ("BackOff", "Created", "Started", "Pulled")
    assert "run" in agent.output(created, run=2)
    cluster.delete("crashing", grace=0)


@pytest.mark.parametrize(
    ("policy", "script", "phase", "restarts"),
    [("Never", "exit 0", "Succeeded", 0), ("Never", "exit 3", "Failed", 0), ("OnFailure", "exit 0", "Succeeded", 0)],
)
def test_a_pod_that_is_not_restarted_ends_in_its_phase(
    agent: Agent, cluster: Cluster, policy: str, script: str, phase: str, restarts: int
) -> None:
    name = f"ends-{policy.lower()}-{phase.lower()}"
    cluster.run("node-a", name, {"args": ["-c", script]}, restartPolicy=policy)
    pod = cluster.until(name, phase, lambda pod: pod["status"].get("phase") == phase)
    assert state(pod)["terminated"]["exitCode"] == int(script[-1])
    assert status(pod)["restartCount"] == restarts
    cluster.delete(name)
    cluster.until_gone(name)


def test_on_failure_runs_again_until_it_succeeds(agent: Agent, cluster: Cluster) -> None:
    script = "test -f tried && exit 0; touch tried; exit 1"
    cluster.run("node-a", "retry", {"args": ["-c", script]}, restartPolicy="OnFailure")
    pod = cluster.until("retry", "Succeeded", lambda pod: pod["status"].get("phase") == "Succeeded")
    assert status(pod)["restartCount"] == 1


def test_init_containers_run_in_order_before_the_others(agent: Agent, cluster: Cluster) -> None:
    mount = [{"name": "work", "mountPath": "/work"}]
    inits = [
        {"name": f"i{n}", "image": "sh", "args": ["-c", f"echo {n} >> /work/order"], "volumeMounts": mount} for n in (1, 2)
    ]
    containers = [
        {"name": n, "image": "sh", "args": ["-c", f"echo {n} >> /work/order; sleep 600"], "volumeMounts": mount}
        for n in ("main", "side")
    ]
    created = cluster.run(
        "node-a", "ordered", initContainers=inits, containers=containers, volumes=[{"name": "work", "emptyDir": {}}]
    )
    pod = cluster.until("ordered", "ready", ready)
    assert [state(pod, f"i{n}", "initContainerStatuses")["terminated"]["exitCode"] for n in (1, 2)] == [0, 0]
    file = agent.folder(created).parent / "volumes" / "work" / "order"
    cluster.wait("both to write", lambda: len(file.read_text().split()) == 4)
    assert file.read_text().split()[:2] == ["1", "2"]
    cluster.delete("ordered")
    cluster.until_gone("ordered")
    cluster.wait("its volume to go", lambda: not file.exists())


def test_a_failed_init_container_of_a_never_pod_fails_the_pod(agent: Agent, cluster: Cluster) -> None:
    inits = [{"name": "i1", "image": "sh", "args": ["-c", "exit 4"]}]
    cluster.run("node-a", "init-fails", SLEEP, initContainers=inits, restartPolicy="Never")
    pod = cluster.until("init-fails", "Failed", lambda pod: pod["status"].get("phase") == "Failed")
    assert conditions(pod)["Initialized"] == "False"
    assert "waiting" in state(pod)


def test_a_sidecar_starts_first_and_ends_last_and_does_not_keep_the_pod(agent: Agent, cluster: Cluster) -> None:
    sidecar = {"name": "proxy", "image": "sh", "restartPolicy": "Always", "args": ["-c", "sleep 600"]}
    cluster.run("node-a", "with-sidecar", {"args": ["-c", "sleep 0.3"]}, initContainers=[sidecar], restartPolicy="Never")
    cluster.until("with-sidecar", "running", lambda pod: state(pod).get("running"))
    pod = cluster.until("with-sidecar", "Succeeded", lambda pod: pod["status"].get("phase") == "Succeeded")
    assert state(pod, "proxy", "initContainerStatuses")["terminated"]["exitCode"] == 143


def test_an_unknown_image_is_reported_as_a_kubelet_would_and_picked_up_when_the_table_knows_it(
    agent: Agent, cluster: Cluster
) -> None:
    cluster.run("node-a", "unknown", {"image": "nobody/knows:1", "args": ["-c", "sleep 600"]})
    cluster.until(
        "unknown", "ImagePullBackOff", lambda pod: state(pod).get("waiting", {}).get("reason") == "ImagePullBackOff"
    )
    cluster.until_event("unknown", "Failed", 'Failed to pull image "nobody/knows:1"')
    cluster.until_event("unknown", "Failed", "Error: ErrImagePull")
    cluster.until_event("unknown", "BackOff", 'Back-off pulling image "nobody/knows:1"')
    agent.images.write_text("images:\n  sh: {command: [sh]}\n  nobody/knows: {command: [sh]}\n")
    cluster.until("unknown", "running", lambda pod: state(pod).get("running"))


def test_a_command_that_does_not_exist_is_a_start_error(agent: Agent, cluster: Cluster) -> None:
    cluster.run("node-a", "no-command", {"command": ["/does/not/exist"]}, restartPolicy="Never")
    pod = cluster.until("no-command", "Failed", lambda pod: pod["status"].get("phase") == "Failed")
    assert state(pod)["terminated"]["exitCode"] == 128
    assert state(pod)["terminated"]["reason"] == "StartError"
    cluster.until_event("no-command", "Failed", "No such file or directory")


def test_deletion_runs_pre_stop_then_sigterm_and_waits_for_the_program(agent: Agent, cluster: Cluster) -> None:
    script = "trap 'echo term >> order; exit 5' TERM; while true; do sleep 0.05; done"
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo hook >> order; sleep 2"]}}}
    created = cluster.run("node-a", "polite", {"args": ["-c", script], "lifecycle": hook})
    cluster.until("polite", "ready", ready)
    cluster.delete("polite", grace=60)
    pod = cluster.until("polite", "not ready", lambda pod: not ready(pod))
    assert state(pod).get("running"), "readiness must turn false before the program has ended"
    assert cluster.until_gone("polite") < 50
    assert (agent.folder(created) / "order").read_text().split() == ["hook", "term"]
    cluster.until_event("polite", "Killing", "Stopping container main")


def test_a_program_that_ignores_sigterm_is_killed_with_its_group_when_the_grace_period_is_over(
    agent: Agent, cluster: Cluster
) -> None:
    forever = "while true; do sleep 0.1; done"
    script = f"trap '' TERM; sh -c 'trap \"\" TERM; {forever}' & echo $$$$ $!; {forever}"
    created = cluster.run("node-a", "stubborn", {"args": ["-c", script]})
    cluster.until("stubborn", "ready", ready)
    pids = [int(word) for word in cluster.wait("pids", lambda: agent.output(created).split())]
    cluster.delete("stubborn", grace=1)
    took = cluster.until_gone("stubborn")
    assert 0.9 < took < 60
    assert [alive(pid) for pid in pids] == [False, False]


def test_a_forced_deletion_kills_at_once(agent: Agent, cluster: Cluster) -> None:
    script = "trap '' TERM; echo $$$$; while true; do sleep 0.1; done"
    created = cluster.run("node-a", "forced", {"args": ["-c", script]}, terminationGracePeriodSeconds=600)
    cluster.until("forced", "ready", ready)
    pid = int(cluster.wait("the pid", lambda: agent.output(created).strip()))
    cluster.delete("forced", grace=0)
    cluster.wait("the program to be killed", lambda: not alive(pid))


def test_a_shorter_grace_period_counts_when_it_comes_later(agent: Agent, cluster: Cluster) -> None:
    script = "trap '' TERM; while true; do sleep 0.1; done"
    cluster.run("node-a", "hurried", {"args": ["-c", script]})
    cluster.until("hurried", "ready", ready)
    cluster.delete("hurried", grace=600)
    time.sleep(0.2)
    assert cluster.pod("hurried")
    cluster.delete("hurried", grace=1)
    cluster.until_gone("hurried")


def test_what_a_main_process_leaves_in_its_group_is_killed_when_it_ends(agent: Agent, cluster: Cluster) -> None:
    script = "sleep 600 & echo $!; exit 0"
    created = cluster.run("node-a", "leaver", {"args": ["-c", script]}, restartPolicy="Never")
    cluster.until("leaver", "Succeeded", lambda pod: pod["status"].get("phase") == "Succeeded")
    left = int(agent.output(created).strip())
    cluster.wait("the end of what was left", lambda: not alive(left))


def test_a_pod_past_its_active_deadline_fails(agent: Agent, cluster: Cluster) -> None:
    cluster.run("node-a", "too-long", SLEEP, activeDeadlineSeconds=1, restartPolicy="Never")
    pod = cluster.until("too-long", "Failed", lambda pod: pod["status"].get("phase") == "Failed")
    assert pod["status"]["reason"] == "DeadlineExceeded"
    assert state(pod)["terminated"]["exitCode"] == 143
