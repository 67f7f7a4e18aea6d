"""The watch observer against a real API server: it misses nothing, and where it could have, it says so."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.record.rows import Gap, Heartbeat, Note, Watch


def changes(run: Any, name: str) -> list[str]:
    return [row.change for row in run.rows(Watch, "name = ?", name)]


def beats(run: Any, source: str, since: float = 0.0) -> int:
    return len(run.rows(Heartbeat, "source = ? AND at > ?", source, since))


@pytest.fixture
def watching(api: Any, observed: Callable[..., Any]) -> Any:
    run = observed(kubeconfig=api.kubeconfig)
    run.start(ready_within=3)
    return run


def test_the_life_of_a_pod_is_recorded_in_order(api: Any, watching: Any, eventually: Any) -> None:
    api.pod("lives")
    api.ready("lives", "127.10.0.9")
    api.kill("lives")
    eventually(lambda: changes(watching, "lives")[-1:] == ["DELETED"], what="the pod's end is seen")
    began, *between, ended = changes(watching, "lives")
    assert (began, set(between), ended) == ("ADDED", {"MODIFIED"}, "DELETED")
    (first, *_) = watching.rows(Watch, "name = 'lives'")
    assert first.kind == "Pod"
    assert first.object["kind"] == "Pod"
    assert "managedFields" not in first.object["metadata"]


def test_a_kind_that_is_not_served_is_noted_and_no_gap(watching: Any, eventually: Any) -> None:
    eventually(lambda: beats(watching, "watch") >= 2, what="heartbeats although there is no KEDA")
    assert watching.rows(Note, "text LIKE 'ScaledObject objects are not watched%'")
    assert not watching.rows(Gap, "source = 'watch'")


def test_no_secret_of_a_pods_environment_reaches_the_record(api: Any, watching: Any, eventually: Any) -> None:
    secret = "hunter2-hunter2"
    env = [
        {"name": "DB_PASSWORD", "value": secret},
        {"name": "DATABASE_URL", "value": f"postgres://crm:{secret}@db/crm"},
        {"name": "TERRITORY", "value": "DE"},
    ]
    api.pod("keeps-secrets", env=env)
    eventually(lambda: changes(watching, "keeps-secrets"), what="the pod is seen")
    assert watching.stop() == 0
    assert secret.encode() not in b"".join(path.read_bytes() for path in watching.folder.iterdir())
    (row,) = watching.rows(Watch, "name = 'keeps-secrets'")
    assert {"name": "TERRITORY", "value": "DE"} in row.object["spec"]["containers"][0]["env"]
    api.kill("keeps-secrets")


def test_an_api_server_that_freezes_becomes_a_gap_and_what_happened_after_is_still_seen(
    api: Any, watching: Any, eventually: Any
) -> None:
    eventually(lambda: beats(watching, "watch") >= 1, what="it is current")
    frozen = time.time()
    api.server.send(signal.SIGSTOP)
    try:
        for source in ("watch", "control-plane"):
            eventually(
                lambda s=source: watching.rows(Note, f"text LIKE 'Nothing from {s}%'"), what="the silence is noticed"
            )
    finally:
        api.server.send(signal.SIGCONT)
    api.wait()
    api.pod("after-the-freeze")
    eventually(lambda: changes(watching, "after-the-freeze"), what="the pod after the freeze is seen")
    (gap,) = eventually(lambda: watching.rows(Gap, "source = 'watch'"), what="the gap is recorded")
    assert frozen - 4 < gap.since < gap.until
    assert gap.until > frozen + 4
    assert not watching.rows(Heartbeat, "source = 'watch' AND at > ? AND at < ?", gap.since + 6, gap.until)
    eventually(lambda: watching.rows(Gap, "source = 'control-plane'"), what="the control plane's gap is recorded")
    api.kill("after-the-freeze")


def test_an_api_server_that_is_restarted_loses_no_deletion(api: Any, watching: Any, eventually: Any) -> None:
    api.pod("vanishes")
    eventually(lambda: changes(watching, "vanishes"), what="the pod is seen")
    watching.process.send_signal(signal.SIGSTOP)  # it is not there while the pod goes and the server forgets
    api.kill("vanishes")
    api.server.stop()
    api.server.start()
    time.sleep(0.5)
    api.wait()
    watching.process.send_signal(signal.SIGCONT)
    eventually(lambda: "DELETED" in changes(watching, "vanishes"), what="the deletion is seen after all")


def test_a_gap_that_is_still_open_is_written_at_the_end(api: Any, watching: Any, eventually: Any) -> None:
    eventually(lambda: beats(watching, "watch") >= 1, what="it is current")
    api.server.stop()
    try:
        eventually(lambda: watching.rows(Note, "text LIKE 'Nothing from watch%'"), what="the silence is noticed")
        assert watching.stop() == 0
        (gap,) = watching.rows(Gap, "source = 'watch'")
        assert gap.until > gap.since + 4
        assert "ConnectError" in gap.reason
    finally:
        api.server.start()
        api.wait()


def test_every_row_is_json_that_reads_back(watching: Any, api: Any, eventually: Any) -> None:
    api.pod("odd", labels={"line": "a"}, env=[{"name": "ODD", "value": "next\u0085line\u2028\n"}])
    (row,) = eventually(lambda: watching.rows(Watch, "name = 'odd'"), what="the pod is seen")
    assert row.object["spec"]["containers"][0]["env"][0]["value"] == "next\u0085line\u2028\n"
    assert json.dumps(row.object)
    api.kill("odd")
