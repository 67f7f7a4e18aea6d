"""What a pod finds around itself: environment, ConfigMaps, Secrets, volumes, logs, metrics."""

from __future__ import annotations

import base64
import os
import stat
from typing import Any

import httpx
import pytest

from tests.node.conftest import Agent, Cluster, ready, state

pytestmark = pytest.mark.cluster
Json = dict[str, Any]


def field(path: str) -> Json:
    return {"valueFrom": {"fieldRef": {"fieldPath": path}}}


def config_map(cluster: Cluster, name: str, **data: str) -> None:
    cluster.create("configmaps", {"metadata": {"name": name}, "data": data})


def secret(cluster: Cluster, name: str, **data: str) -> None:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    cluster.create("secrets", {"metadata": {"name": name}, "data": encoded})


def printed(agent: Agent, cluster: Cluster, created: Json) -> dict[str, str]:
    """The environment that a container printed with ``env`` before the word `end`."""
    text = cluster.wait("the output", lambda: "end" in agent.output(created) and agent.output(created))
    return dict(line.split("=", 1) for line in str(text).splitlines() if "=" in line)


def test_the_environment_has_fields_resources_config_maps_secrets_and_expansions(agent: Agent, cluster: Cluster) -> None:
    config_map(cluster, "settings", COLOUR="blue", mode="x")
    secret(cluster, "keys", TOKEN="s3cret")
    container = {
        "args": ["-c", "env; echo '$(COLOUR)-$(LITERAL)-$$(LITERAL)'; echo end; sleep 600"],
        "resources": {"limits": {"cpu": "1500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}},
        "envFrom": [
            {"configMapRef": {"name": "settings"}},
            {"secretRef": {"name": "keys"}, "prefix": "SEC_"},
            {"configMapRef": {"name": "not-there", "optional": True}},
        ],
        "env": [
            {"name": "LITERAL", "value": "one"},
            {"name": "TWICE", "value": "$(LITERAL)+$(LITERAL) $(NOBODY)"},
            {"name": "MY_NAME", **field("metadata.name")},
            {"name": "MY_NAMESPACE", **field("metadata.namespace")},
            {"name": "MY_UID", **field("metadata.uid")},
            {"name": "MY_TIER", **field("metadata.labels['tier']")},
            {"name": "MY_NOTE", **field("metadata.annotations['note']")},
            {"name": "MY_IP", **field("status.podIP")},
            {"name": "MY_HOST", **field("status.hostIP")},
            {"name": "MY_NODE", **field("spec.nodeName")},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "MILLI", "valueFrom": {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m"}}},
            {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
            {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "TOKEN"}}},
            {"name": "MAYBE", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "none", "optional": True}}},
        ],
    }
    created = cluster.run("node-a", "environment", container)
    env = printed(agent, cluster, created)
    pod = cluster.until("environment", "ready", ready)
    assert "blue-one-$(LITERAL)" in agent.output(created)
    expected = {
        "COLOUR": "blue",
        "SEC_TOKEN": "s3cret",
        "TWICE": "one+one $(NOBODY)",
        "MY_NAME": "environment",
        "MY_NAMESPACE": "default",
        "MY_UID": pod["metadata"]["uid"],
        "MY_TIER": "web",
        "MY_NOTE": "hello",
        "MY_IP": pod["status"]["podIP"],
        "MY_HOST": "127.0.0.1",
        "MY_NODE": "node-a",
        "CPU": "2",
        "MILLI": "100",
        "MEMORY": "256",
        "MODE": "x",
        "KEY": "s3cret",
    }
    assert {name: env.get(name) for name in expected} == expected
    assert "MAYBE" not in env
    assert "KUBECONFIG" not in env


def test_the_image_gives_environment_and_arguments_follow_its_entrypoint(agent: Agent, cluster: Cluster) -> None:
    created = cluster.run(
        "node-a", "image-env", {"image": "shop/web", "command": ["sh"], "args": ["-c", "env; echo end; cat"]}
    )
    env = printed(agent, cluster, created)
    assert env["FROM_IMAGE"] == f"at {env['GENERALPROBE_POD_IP']}"


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("no-map", {"configMapKeyRef": {"name": "later-map", "key": "k"}}, 'configmap "later-map" not found'),
        ("no-secret", {"secretKeyRef": {"name": "later-secret", "key": "k"}}, 'secret "later-secret" not found'),
    ],
)
def test_a_container_waits_for_a_missing_config_map_or_secret_and_starts_when_it_comes(
    agent: Agent, cluster: Cluster, name: str, source: Json, message: str
) -> None:
    container = {"args": ["-c", "echo got $(K); sleep 600"], "env": [{"name": "K", "valueFrom": source}]}
    created = cluster.run("node-a", name, container)
    pod = cluster.until(
        name, "waiting", lambda pod: state(pod).get("waiting", {}).get("reason") == "CreateContainerConfigError"
    )
    assert state(pod)["waiting"]["message"] == message
    cluster.until_event(name, "Failed", f"Error: {message}")
    (config_map if name == "no-map" else secret)(cluster, f"later-{'map' if name == 'no-map' else 'secret'}", k="it")
    cluster.until(name, "ready", ready)
    cluster.wait("its output", lambda: "got it" in agent.output(created))


def test_a_container_has_less_cpu_priority_than_the_agent_when_the_agent_is_told_so(agent: Agent, cluster: Cluster) -> None:
    created = cluster.run("node-a", "nice", {"args": ["-c", "nice; echo end; sleep 600"]})
    text = cluster.wait("its niceness", lambda: "end" in agent.output(created) and agent.output(created))
    assert int(str(text).split()[0]) == min(19, os.getpriority(os.PRIO_PROCESS, agent.process.pid) + 5)


def test_volumes_are_files_that_the_container_finds_under_its_mount_path(agent: Agent, cluster: Cluster) -> None:
    config_map(cluster, "files", **{"app.properties": "port=1"})
    secret(cluster, "password", word="hidden")
    script = "cat /etc/app/app.properties; stat -c %a $(FILE); cat $FILE; echo"
    script += "; cat $GENERALPROBE_MOUNT_INFO_X/name; echo; echo end"
    container = {
        "args": ["-c", f"{script}; sleep 600"],
        "env": [{"name": "FILE", "value": "/run/secret/word"}, {"name": "URL", "value": "file:///etc/app/app.properties"}],
        "volumeMounts": [
            {"name": "files", "mountPath": "/etc/app"},
            {"name": "password", "mountPath": "/run/secret"},
            {"name": "info-x", "mountPath": "/info"},
        ],
    }
    downward = {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}
    volumes = [
        {"name": "files", "configMap": {"name": "files"}},
        {"name": "password", "secret": {"secretName": "password", "defaultMode": 0o644}},
        {"name": "info-x", "downwardAPI": downward},
    ]
    created = cluster.run("node-a", "volumes", container, volumes=volumes)
    cluster.until("volumes", "ready", ready)
    text = cluster.wait("the output", lambda: "end" in agent.output(created) and agent.output(created))
    assert str(text).split() == ["port=1600", "hidden", "volumes", "end"]
    file = agent.folder(created).parent / "volumes" / "password" / "word"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_pod_waits_for_a_missing_volume_and_says_so(agent: Agent, cluster: Cluster) -> None:
    volumes = [{"name": "v", "secret": {"secretName": "volume-later"}}]
    cluster.run("node-a", "unmounted", {"args": ["-c", "sleep 600"]}, volumes=volumes)
    cluster.until_event("unmounted", "FailedMount", 'secret "volume-later" not found')
    assert (cluster.pod("unmounted") or {})["status"]["phase"] == "Pending"
    secret(cluster, "volume-later", a="b")
    cluster.until("unmounted", "ready", ready)


@pytest.fixture
def base(agent: Agent, cluster: Cluster) -> str:
    node = cluster.http.get("/api/v1/nodes/node-a").json()
    return f"http://127.0.0.1:{node['status']['daemonEndpoints']['kubeletEndpoint']['Port']}"


def test_logs_are_served_whole_by_tail_previous_and_followed(agent: Agent, cluster: Cluster, base: str) -> None:
    second = "for i in 1 2 3; do echo line $i; done; until test -f go; do sleep 0.05; done; echo last; exit 0"
    script = f"test -f again && {{ {second}; }}; touch again; echo first; exit 1"
    created = cluster.run("node-a", "logging", {"args": ["-c", script]}, restartPolicy="OnFailure")
    url = f"{base}/containerLogs/default/logging/main"
    cluster.wait("line 3", lambda: "line 3" in httpx.get(url).text)
    assert httpx.get(url, params={"tail": 2}).text == "line 2\nline 3\n"
    assert httpx.get(url, params={"tailLines": 1, "limitBytes": 4}).text == "line"
    assert httpx.get(url, params={"previous": "true"}).text == "first\n"
    with httpx.stream("GET", url, params={"follow": "true"}) as following:
        text = following.iter_text()
        assert next(text) == "line 1\nline 2\nline 3\n"
        (agent.folder(created) / "go").touch()
        assert "".join(text) == "last\n"
    assert httpx.get(f"{base}/containerLogs/default/logging/none").status_code == 404
    assert httpx.get(url, params={"tail": "many"}).status_code == 400


def test_metrics_count_the_whole_group_of_a_container(agent: Agent, cluster: Cluster, base: str) -> None:
    work = "x = bytearray(40_000_000)\nt = time.process_time()\nwhile time.process_time() - t < 0.2: pass"
    busy = f"import os, time\nos.fork()\n{work}\ntime.sleep(600)"
    created = cluster.run("node-a", "busy", {"image": "shop/web", "command": ["python3", "-c", busy]})
    cluster.until("busy", "ready", ready)

    def value(name: str) -> float:
        label = f'{name}{{container="main",namespace="default",pod="busy"}} '
        lines = httpx.get(f"{base}/metrics/resource").text.splitlines()
        return next((float(line.removeprefix(label)) for line in lines if line.startswith(label)), 0.0)

    cluster.wait("0.4 s of two processes", lambda: value("container_cpu_usage_seconds_total") >= 0.35)
    assert value("container_memory_working_set_bytes") > 80_000_000
    assert abs(value("container_start_time_seconds") - agent.folder(created).stat().st_mtime) < 60
    items = httpx.get(f"{base}/pods").json()["items"]
    assert "busy" in [pod["metadata"]["name"] for pod in items]
    assert httpx.get(f"{base}/healthz").text == "ok"
