"""Following a collection through what an API server does to its watchers, and what of an object is kept."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Unavailable
from harness.observe.cluster import Change, Cluster, Refused, credentials
from harness.observe.following import Following, difference, uid, version
from harness.observe.kept import kept, without_secrets
from harness.target.base import Target
from tests.plans import a_target


def target_of(api: Any) -> Target:
    return a_target(kubeconfig=api.kubeconfig, prometheus_url="", alertmanager_url="")


def test_a_second_410_is_followed_by_a_third_list_and_nothing_is_lost(api: Any) -> None:
    """The lists are the real server's, but said to be of a version that it has long forgotten, three times over."""

    class Forgetful(Cluster):
        lists = 0

        async def list_all(self, path: str, **params: str) -> tuple[list[dict[str, Any]], str]:
            self.lists += 1
            listed, at = await super().list_all(path, **params)
            if self.lists == 2:
                await asyncio.to_thread(api.kill, "gone-between-lists")
            return listed, "1" if self.lists <= 3 else at

    async def follow() -> tuple[list[str], list[str], int]:
        seen, failures = [], []

        async def changed(changes: list[Change]) -> None:
            seen.extend(f"{c.change} {c.object['metadata']['name']}" for c in changes)

        async with Cluster.connect(target_of(api)) as cluster:
            path, forgetful = "/api/v1/namespaces/crm/pods", Forgetful(cluster._client)
            following = Following(forgetful, path, changed, seen=lambda: None, failed=failures.append)
            task = asyncio.create_task(following.run())
            async with asyncio.timeout(30):
                while forgetful.lists < 4:
                    await asyncio.sleep(0.05)
                await asyncio.to_thread(api.pod, "after-the-lists")
                while "ADDED after-the-lists" not in seen:
                    await asyncio.sleep(0.05)
            task.cancel()
            return seen, failures, following.relists

    api.pod("gone-between-lists")
    api.server.stop()  # a server that starts anew knows no change from before its start
    api.server.start()
    time.sleep(0.5)
    api.wait()
    seen, failures, relists = asyncio.run(follow())
    api.kill("after-the-lists")
    assert sum("410" in failure for failure in failures) == 3, failures
    assert relists == 4
    assert seen == ["ADDED gone-between-lists", "DELETED gone-between-lists", "ADDED after-the-lists"]


def test_what_is_forbidden_or_not_served_is_said_at_once(api: Any) -> None:
    async def ask() -> None:
        async with Cluster.connect(target_of(api)) as cluster:
            await cluster.list_all("/apis/keda.sh/v1alpha1/namespaces/crm/scaledobjects")

    with pytest.raises(Refused) as error:
        asyncio.run(ask())
    assert error.value.status == 404


def test_inline_keys_of_a_kubeconfig_leave_no_file_behind(api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for _ in range(2):
        host, _, _ = credentials(target_of(api))
        assert host == api.url
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, "", "no: kubeconfig", "{"])
def test_a_kubeconfig_that_does_not_serve_is_one_sentence(tmp_path: Any, content: str | None) -> None:
    class Api:
        kubeconfig = tmp_path / "kubeconfig"

    if content is not None:
        Api.kubeconfig.write_text(content)
    with pytest.raises(Unavailable, match="does not serve") as error:
        credentials(target_of(Api))
    assert "\n" not in str(error.value)


objects = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3).map(str))


def collection(versions: dict[str, str]) -> list[dict[str, Any]]:
    return [{"metadata": {"uid": key, "name": key, "resourceVersion": at}} for key, at in versions.items()]


@given(objects, objects)
def test_the_difference_leads_from_what_was_known_to_what_is_listed(before: dict[str, str], after: dict[str, str]) -> None:
    known = {uid(body): body for body in collection(before)}
    changes = difference(known, collection(after))
    for change in changes:
        if change.change == "DELETED":
            del known[uid(change.object)]
        else:
            assert (change.change == "ADDED") == (uid(change.object) not in known)
            known[uid(change.object)] = change.object
    assert {key: version(body) for key, body in known.items()} == after
    unchanged = {key for key in before if after.get(key) == before[key]}
    assert unchanged.isdisjoint(uid(change.object) for change in changes)


def test_no_secret_is_kept_of_an_object() -> None:
    body = {
        "kind": "ScaledObject",
        "metadata": {
            "name": "x",
            "managedFields": [1],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "s3cret", "note": "kept"},
        },
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "env": [
                                {"name": "API_KEY", "value": "s3cret"},
                                {"name": "AUTH", "valueFrom": {"secretKeyRef": {"name": "crm", "key": "kept"}}},
                                {"name": "URL", "value": "amqp://u:s3cret@host/x"},
                            ],
                            "args": ["--db-password=s3cret", "--territory=DE"],
                        }
                    ]
                }
            },
            "triggers": [{"metadata": {"bearerToken": "s3cret", "connection": "host=db password=s3cret user=crm"}}],
        },
        "status": {"message": "cannot open jdbc:postgresql://h/db?user=crm&password=s3cret"},
    }
    text = json.dumps(kept(body))
    assert "s3cret" not in text
    for word in ("kept", "secretKeyRef", "--territory=DE", "user=crm", "amqp://u:***@host/x"):
        assert word in text
    assert "s3cret" in json.dumps(body), "the object itself is left as it was"


@pytest.mark.parametrize(
    "text", ["back-off restarting", 'secret "crm-db" not found', "http://127.10.0.3:8080/q/health", "2026-09-01T06:00:00Z"]
)
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) == text
