from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from kubernetes.client.exceptions import ApiException

from harness.errors import Unavailable, Vetoed
from harness.faults import pods
from tests.faults.apiserver import CONTEXT, Cluster, running

SELECTOR = "app.kubernetes.io/name=crm-queries-de"
NAME = {"app.kubernetes.io/name": "crm-queries-de"}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    pods._VICTIMS.clear()
    yield running()
    pods._VICTIMS.clear()


def _arguments(cluster: Cluster) -> dict[str, object]:
    return {"context": CONTEXT, "secrets": {"KUBECONFIG": str(cluster.kubeconfig)}}


def test_killed_pods_are_ready_ones_of_the_selector_and_are_gone_by_uid(cluster: Cluster) -> None:
    space = cluster.namespace("kill-one")
    uids = {name: cluster.pod(space, name, **NAME) for name in ("a", "b", "c")}
    cluster.pod(space, "cold", ready=False, **NAME)
    other = cluster.pod(space, "other", **{"app.kubernetes.io/name": "crm-outbox"})
    assert pods.enough_ready(space, SELECTOR, 3, **_arguments(cluster))  # type: ignore[arg-type]
    assert not pods.enough_ready(space, SELECTOR, 4, **_arguments(cluster))  # type: ignore[arg-type]

    killed = pods.kill(space, SELECTOR, 2, **_arguments(cluster))["killed"]  # type: ignore[arg-type]
    proof = pods.killed_are_gone(space, 5, **_arguments(cluster))  # type: ignore[arg-type]

    assert proof["seen"]
    assert proof["gone"] == killed
    assert {each["uid"] for each in killed} <= set(uids.values())
    left = {pod.metadata.uid for pod in cluster.core.list_namespaced_pod(space).items}
    assert left.isdisjoint(each["uid"] for each in killed)
    assert other in left
    assert pods.none_half_deleted(space, 1, **_arguments(cluster))  # type: ignore[arg-type]


def test_a_selector_that_matches_nothing_has_no_effect(cluster: Cluster) -> None:
    space = cluster.namespace("kill-none")
    assert not pods.enough_ready(space, SELECTOR, 0, **_arguments(cluster))  # type: ignore[arg-type]
    assert pods.kill(space, SELECTOR, 2, **_arguments(cluster)) == {"killed": []}  # type: ignore[arg-type]
    assert not pods.killed_are_gone(space, 0, **_arguments(cluster))["seen"]  # type: ignore[arg-type]
    assert pods.none_half_deleted(space, 0, **_arguments(cluster))  # type: ignore[arg-type]


def test_an_empty_selector_is_refused_and_kills_nothing(cluster: Cluster) -> None:
    space = cluster.namespace("kill-all")
    cluster.pod(space, "a", **NAME)
    with pytest.raises(Vetoed, match="every pod of the namespace"):
        pods.kill(space, "  ", 1, **_arguments(cluster))  # type: ignore[arg-type]
    assert len(cluster.core.list_namespaced_pod(space).items) == 1


def test_a_namespace_without_the_label_is_not_touched_even_by_hand(cluster: Cluster) -> None:
    space = cluster.namespace("kill-foreign", opted_in=False)
    cluster.pod(space, "a", **NAME)
    with pytest.raises(Vetoed, match="kubectl --context test-context label namespace kill-foreign"):
        pods.kill(space, SELECTOR, 1, **_arguments(cluster))  # type: ignore[arg-type]
    assert len(cluster.core.list_namespaced_pod(space).items) == 1


def test_a_pod_that_hangs_in_deletion_is_neither_effect_nor_undone(cluster: Cluster) -> None:
    space = cluster.namespace("kill-hung")
    cluster.pod(space, "a", finalizer=True, **NAME)
    pods.kill(space, SELECTOR, 1, **_arguments(cluster))  # type: ignore[arg-type]
    proof = pods.killed_are_gone(space, 0.3, **_arguments(cluster))  # type: ignore[arg-type]
    assert not proof["seen"]
    assert proof["left"] == ["a"]
    assert not pods.none_half_deleted(space, 0.3, **_arguments(cluster))  # type: ignore[arg-type]

    def let_go() -> None:
        time.sleep(0.3)
        cluster.core.patch_namespaced_pod("a", space, {"metadata": {"finalizers": None}})

    helper = threading.Thread(target=let_go)
    helper.start()
    assert pods.killed_are_gone(space, 5, **_arguments(cluster))["seen"]  # type: ignore[arg-type]
    helper.join()


def test_a_new_pod_of_the_same_name_does_not_hide_that_the_old_one_is_gone(cluster: Cluster) -> None:
    space = cluster.namespace("kill-same")
    cluster.pod(space, "a-0", **NAME)
    pods.kill(space, SELECTOR, 1, **_arguments(cluster))  # type: ignore[arg-type]
    cluster.pod(space, "a-0", **NAME)
    assert pods.killed_are_gone(space, 2, **_arguments(cluster))["seen"]  # type: ignore[arg-type]


def test_a_process_that_still_answers_is_not_gone_although_its_object_is(cluster: Cluster) -> None:
    """On loopback a pod is a process here: the proof is that nothing listens any more."""
    space = cluster.namespace("kill-deaf")
    cluster.pod(space, "a", ip="127.10.77.5", port=8080, **NAME)
    with socket.create_server(("127.10.77.5", 8080)):
        pods.kill(space, SELECTOR, 1, **_arguments(cluster))  # type: ignore[arg-type]
        assert cluster.core.list_namespaced_pod(space).items == []
        assert not pods.killed_are_gone(space, 0.3, **_arguments(cluster))["seen"]  # type: ignore[arg-type]
        cluster.pod(space, "b", ip="127.10.77.5", port=8080, **NAME)  # its address was given to another pod meanwhile
        assert pods.killed_are_gone(space, 0.3, **_arguments(cluster))["seen"]  # type: ignore[arg-type]
        cluster.core.delete_namespaced_pod("b", space, grace_period_seconds=0)
    assert pods.killed_are_gone(space, 2, **_arguments(cluster))["seen"]  # type: ignore[arg-type]


def test_a_cluster_that_does_not_answer_is_said_in_a_sentence(cluster: Cluster, tmp_path: object) -> None:
    from pathlib import Path

    from tests.faults.apiserver import write_kubeconfig

    dead = Path(str(tmp_path)) / "kubeconfig"
    write_kubeconfig(dead, "https://127.0.0.1:1")
    with pytest.raises(Unavailable, match="Connection refused"):
        pods.enough_ready("crm", SELECTOR, 1, CONTEXT, {"KUBECONFIG": str(dead)})
    with pytest.raises(Unavailable, match="There is no kubeconfig"):
        pods.enough_ready("crm", SELECTOR, 1, CONTEXT, {"KUBECONFIG": "/nowhere"})


def test_the_api_server_understands_what_we_send(cluster: Cluster) -> None:
    with pytest.raises(ApiException) as refused:
        cluster.core.delete_namespaced_pod("none", "default")
    assert refused.value.status == 404
