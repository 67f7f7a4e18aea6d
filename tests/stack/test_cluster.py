"""What only a running cluster can prove."""

from __future__ import annotations

import http.client
import json
import stat
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import psycopg
import pytest

from harness.errors import BadInput, Unavailable
from harness.stack import cluster, health
from harness.stack.progress import Silent
from harness.stack.state import ClusterState, Options
from tests.stack.workbench import PATIENCE, Kubectl, deployment, eventually, get, rehearse, service

pytestmark = pytest.mark.cluster


def cron_object(name: str, replicas: int) -> dict[str, object]:
    window = {"timezone": "Europe/Berlin", "start": "0 0 * * *", "end": "59 23 * * *", "desiredReplicas": str(replicas)}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"name": name},
            "pollingInterval": 1,
            "cooldownPeriod": 1,
            "minReplicaCount": 1,
            "triggers": [{"type": "cron", "metadata": window}],
        },
    }


def test_every_part_is_healthy_and_all_together_are_small(running: ClusterState) -> None:
    eventually(lambda: health.inspect(running.name).is_well)
    report = health.inspect(running.name)
    assert {"etcd", "kube-apiserver", "keda-operator", "keda-adapter", "postgres", "agent"} <= {
        p.name for p in report.parts
    }


def test_a_cron_scaled_object_scales_a_deployment_whose_pods_run(kubectl: Kubectl) -> None:
    kubectl.apply(deployment("sleeper", "sleep"), cron_object("sleeper", 3))

    def ready() -> int:
        return int(kubectl.get("deployment", "sleeper")["status"].get("readyReplicas", 0))

    eventually(lambda: ready() == 3)
    assert "keda-hpa-sleeper" in kubectl("get", "hpa")
    kubectl("delete", "scaledobject,deployment", "sleeper")


def test_a_service_answers_on_its_address_from_all_its_pods_and_with_503_without_any(kubectl: Kubectl) -> None:
    kubectl.apply(deployment("hello", "echo", 2), service("hello", "hello", 8081))
    address = kubectl.get("service", "hello")["spec"]["clusterIP"]
    url = f"http://{address}:8081/"

    def answers() -> set[str]:
        try:
            replies = [get(url) for _ in range(8)]
        except httpx.HTTPError:
            return set()
        return {reply.text for reply in replies if reply.status_code == 200}

    eventually(lambda: len(answers()) == 2)
    kubectl("scale", "deployment", "hello", "--replicas=0")
    eventually(lambda: get(url).status_code == 503)
    kubectl("delete", "deployment,service", "hello")


def test_deleting_pods_under_load_loses_no_request(kubectl: Kubectl) -> None:
    kubectl.apply(deployment("busy", "echo", 3), service("busy", "busy"))
    kubectl("rollout", "status", "deployment/busy", f"--timeout={PATIENCE:g}s")
    address = kubectl.get("service", "busy")["spec"]["clusterIP"]
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def client() -> None:
        # http.client sends again by itself only what it opens anew: a lost request shows.
        connection = http.client.HTTPConnection(address, 80, timeout=PATIENCE)
        while not stop.is_set():
            try:
                connection.request("POST", "/", body=b"x")
                answer = connection.getresponse()
                answer.read()
                seen[str(answer.status)] += 1
            except (OSError, http.client.HTTPException) as error:
                seen[repr(error)] += 1
                connection.close()
            stop.wait(0.02)

    eventually(lambda: get(f"http://{address}/").status_code == 200)
    clients = [threading.Thread(target=client) for _ in range(6)]
    for thread in clients:
        thread.start()
    try:
        for _ in range(3):
            victim = kubectl.get("pods", "-l", "app=busy")["items"][0]["metadata"]["name"]
            kubectl("delete", "pod", victim, "--wait=false")
            time.sleep(2)
            kubectl("rollout", "status", "deployment/busy", f"--timeout={PATIENCE:g}s")
    finally:
        stop.set()
        for thread in clients:
            thread.join()
    assert set(seen) == {"200"}, seen
    assert seen["200"] > 100
    kubectl("delete", "deployment,service", "busy")


def test_the_front_door_opens_again_after_caddy_was_restarted(running: ClusterState, kubectl: Kubectl) -> None:
    kubectl.apply(deployment("steady", "echo"), service("steady", "steady", 8082))
    kubectl("rollout", "status", "deployment/steady", f"--timeout={PATIENCE:g}s")
    url = f"http://{kubectl.get('service', 'steady')['spec']['clusterIP']}:8082/"
    eventually(lambda: get(url).status_code == 200)
    cluster.restart_part(running, "caddy")

    def answers() -> bool:
        try:
            return get(url).status_code == 200
        except httpx.HTTPError:
            return False

    eventually(answers)
    assert cluster.read(running.name).phase == "ready"
    kubectl("delete", "deployment,service", "steady")


def test_prometheus_has_the_clusters_state_and_the_pods_own_metrics(running: ClusterState, kubectl: Kubectl) -> None:
    kubectl.apply(deployment("measured", "echo"))

    def query(text: str) -> list[dict[str, dict[str, str]]]:
        answer = get(f"{running.prometheus_url}/api/v1/query", params={"query": text}).json()
        found: list[dict[str, dict[str, str]]] = answer["data"]["result"]
        return found

    eventually(lambda: query('kube_deployment_status_replicas_ready{namespace="default",deployment="measured"} == 1'))
    eventually(lambda: query('kube_pod_status_ready{condition="true",pod=~"measured.*"} == 1'))
    found = eventually(lambda: query('echo_up{workload="measured"}'))
    labels = found[0]["metric"]
    assert (labels["namespace"], labels["territory"]) == ("default", "de")
    assert labels["pod"].startswith("measured-")
    kubectl("delete", "deployment", "measured")


def test_a_part_that_is_not_always_needed_can_be_added_and_others_cannot(running: ClusterState) -> None:
    state = cluster.add_part(running, "toxiproxy", None, Silent())
    port = state.part("toxiproxy").ports["toxiproxy"]
    assert "version" in get(f"http://127.0.0.1:{port}/version").json()
    assert cluster.add_part(running, "toxiproxy", None, Silent()).part("toxiproxy").ports["toxiproxy"] == port
    with pytest.raises(Unavailable, match="'helm' cannot be added to a cluster; kwok and toxiproxy can"):
        cluster.add_part(running, "helm", None, Silent())


def test_prometheus_takes_rules_and_refuses_broken_ones_without_forgetting_the_ones_before(running: ClusterState) -> None:
    rule = {"alert": "Always", "expr": "vector(1)"}
    cluster.reload_prometheus(running, {"good": json.dumps({"groups": [{"name": "g", "rules": [rule]}]})})

    def names() -> list[str]:
        groups = get(f"{running.prometheus_url}/api/v1/rules").json()["data"]["groups"]
        return [found["name"] for group in groups for found in group["rules"]]

    assert names() == ["Always"]
    broken = json.dumps({"groups": [{"name": "g", "rules": [{**rule, "expr": "sum("}]}]})
    with pytest.raises(BadInput, match="Prometheus refused"):
        cluster.reload_prometheus(running, {"broken": broken})
    assert names() == ["Always"]
    alerts = f"{running.alertmanager_url}/api/v2/alerts"
    eventually(lambda: [a for a in get(alerts).json() if a["labels"]["alertname"] == "Always"])
    cluster.reload_prometheus(running, {})
    assert names() == []


def test_alertmanager_refuses_a_broken_configuration_and_keeps_its_own(running: ClusterState) -> None:
    with pytest.raises(BadInput, match="Alertmanager refused"):
        cluster.reload_alertmanager(running, "route: {receiver: missing}\nreceivers: []\n")
    cluster.reload_alertmanager(running, "route: {receiver: desk}\nreceivers: [{name: desk}]\n")
    assert "desk" in get(f"{running.alertmanager_url}/api/v2/status").json()["config"]["original"]


def test_the_database_takes_only_the_password_and_has_the_smallest_notify_queue(running: ClusterState) -> None:
    secrets = running.secrets
    with psycopg.connect(secrets.app_dsn) as connection:
        row = connection.execute(
            "SELECT current_user, current_setting('max_notify_queue_pages'), current_database()"
        ).fetchone()
        assert row == ("crm", "64", "crm")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(secrets.app_dsn.replace(secrets.app_password, "guess"))
    with psycopg.connect(secrets.postgres_admin_dsn) as connection:
        row = connection.execute(
            "SELECT current_setting('is_superuser'), current_setting('server_version_num')::int"
        ).fetchone()
        assert row is not None
        assert row[0] == "on"
        assert row[1] >= 180000


def test_no_secret_can_be_read_by_others_or_stands_in_the_state(running: ClusterState) -> None:
    for file in running.folder.rglob("*"):
        if file.is_file() and not file.is_relative_to(running.folder / "node"):
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 or "postgres" in file.parts, file
    text = (running.folder / "cluster.json").read_text()
    assert running.secrets.app_password not in text
    for log in (running.folder / "logs").glob("*.log"):
        assert running.secrets.app_password not in log.read_text(errors="replace")


def test_all_listens_on_loopback_only(running: ClusterState) -> None:
    ports = {port for part in running.parts for name, port in part.ports.items() if name != "keda-adapter-metrics"}
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    for fields in listening:
        address, _, port = fields[1].rpartition(":")
        if fields[3] == "0A" and int(port, 16) in ports:
            assert address.endswith("7F"), f"port {int(port, 16)} listens on {address}"


def test_status_and_kubeconfig_say_what_is(running: ClusterState, state_home: Path) -> None:
    def is_well() -> bool:
        done = rehearse("status", "--name", "shared", "--json", state_home=state_home)
        well: bool = json.loads(done.stdout)[0]["is_well"]
        assert (done.returncode == 0) is well, done.stdout
        return well

    eventually(is_well)
    assert rehearse("kubeconfig", "--name", "shared", state_home=state_home).stdout.strip() == str(running.kubeconfig)


def test_up_again_gives_the_running_cluster_and_another_lapse_is_refused(running: ClusterState) -> None:
    again = cluster.up(Options(name="shared", lapse=12), Silent())
    assert again.supervisor == running.supervisor
    with pytest.raises(BadInput, match="runs with lapse 12, not 1; end it with `rehearse down --name shared`"):
        cluster.up(Options(name="shared", lapse=1), Silent())


def test_logs_of_pods_and_parts_can_be_read(kubectl: Kubectl, state_home: Path) -> None:
    kubectl.apply(deployment("talker", "echo"))
    kubectl("rollout", "status", "deployment/talker", f"--timeout={PATIENCE:g}s")
    pod = kubectl.get("pods", "-l", "app=talker")["items"][0]["metadata"]["name"]
    assert rehearse("logs", pod, "--name", "shared", state_home=state_home).stdout == "serving\n"
    assert "serving" in kubectl("logs", pod)
    assert "node registered" in rehearse("logs", "agent", "--name", "shared", state_home=state_home).stdout
    done = rehearse("logs", "nobody", "--name", "shared", state_home=state_home)
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no part or pod 'nobody'")
    kubectl("delete", "deployment", "talker")
