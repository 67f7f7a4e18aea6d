"""The parts of the node agent that need no server: tables of input and answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.node.addresses import AddressPool
from harness.node.backoff import RestartBackoff, doubling
from harness.node.containers import restarts_after
from harness.node.environment import PodFacts, Sources, build_command, build_environment, expand
from harness.node.errors import (
    AddressesExhausted,
    ContainerConfigError,
    ImageTableError,
    ImageUnknown,
    MountError,
    NodeError,
)
from harness.node.events import BURST, Allowance
from harness.node.images import ImageTables, find, read_table, without_tag
from harness.node.probes import Exec, HttpGet, Sleep, Tally, TcpSocket, read_action, read_probe
from harness.node.probing import http_request, status_of
from harness.node.publishing import remaining_grace
from harness.node.quantities import in_units_of, parse_quantity
from harness.node.server import tail_position
from harness.node.status import (
    ContainerStatus,
    PodState,
    Running,
    Terminated,
    Waiting,
    conditions_of,
    container_json,
    is_ready,
    phase_of,
    status_patch,
)
from harness.node.usage import ContainerUsage, Usage, exposition, never_less
from harness.node.volumes import Mount, make_volumes, mount_environment, mounts_of, to_real_paths

NOW = datetime(2026, 9, 19, 10, 0, 0, 250000, tzinfo=UTC)
Json = dict[str, Any]


# -- quantities and addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "divisor", "whole"),
    [
        ("500m", "1", 1),
        ("500m", "1m", 500),
        ("1500m", "1", 2),
        ("2", "1", 2),
        ("64Mi", "1Mi", 64),
        ("1Gi", "1Mi", 1024),
        ("1G", "1M", 1000),
        ("100k", "1", 100_000),
        ("1e3", "1", 1000),
        ("1.5", "1", 2),
        ("0", "1", 0),
        ("7", "0", 7),
    ],
)
def test_a_quantity_is_counted_in_units_of_its_divisor_rounded_up(text: str, divisor: str, whole: int) -> None:
    assert in_units_of(text, divisor) == whole


@pytest.mark.parametrize("text", ["", "five", "5 Mi", "1x", "--1", "mi"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ContainerConfigError):
        parse_quantity(text)


@given(st.integers(0, 10**12), st.sampled_from(["", "k", "M", "Ki", "Mi", "Gi"]))
def test_a_quantity_of_its_own_unit_is_its_number(number: int, unit: str) -> None:
    assert in_units_of(f"{number}{unit}", f"1{unit}") == number


def test_an_address_comes_again_only_after_all_others() -> None:
    pool = AddressPool("127.10.0.0/29")
    first = [pool.take() for _ in range(3)]
    pool.give_back(first[0])
    rest = [pool.take() for _ in range(4)]
    assert first == ["127.10.0.1", "127.10.0.2", "127.10.0.3"]
    assert rest == ["127.10.0.4", "127.10.0.5", "127.10.0.6", "127.10.0.1"]
    with pytest.raises(AddressesExhausted):
        pool.take()


@pytest.mark.parametrize(
    ("wanted", "given_address"),
    [
        ("127.10.0.5", "127.10.0.5"),
        ("127.10.0.1", "127.10.0.2"),
        ("127.10.0.7", "127.10.0.2"),
        ("10.0.0.1", "127.10.0.2"),
        ("x", "127.10.0.2"),
    ],
)
def test_a_wanted_address_is_given_only_when_it_is_free_and_in_the_block(wanted: str, given_address: str) -> None:
    pool = AddressPool("127.10.0.0/29")
    assert pool.take() == "127.10.0.1"
    assert pool.take(wanted) == given_address


@given(st.lists(st.booleans(), max_size=200))
def test_no_two_pods_ever_hold_one_address(takes: list[bool]) -> None:
    pool, held = AddressPool("127.10.0.0/27"), []
    for take in takes:
        if take and len(held) < 30:
            held.append(pool.take())
        elif held:
            pool.give_back(held.pop(0))
        assert len(held) == len(set(held))


@pytest.mark.parametrize("cidr", ["nonsense", "127.10.0.0/31", "fd00::/64", "127.10.0.1/20"])
def test_a_cidr_that_cannot_serve_is_refused(cidr: str) -> None:
    with pytest.raises(NodeError, match="--pod-cidr"):
        AddressPool(cidr)


# -- back-off, probes, policies ----------------------------------------------------------------------------------------


def test_restart_delays_are_none_then_ten_seconds_doubling_to_five_minutes_and_forgotten_after_ten() -> None:
    backoff, delays = RestartBackoff(10.0), []
    for ran_for in (1, 1, 1, 1, 1, 1, 1, 1, 599, 600, 1):
        delay, backoff = backoff.after_run(ran_for)
        delays.append(delay)
    assert delays == [0, 10, 20, 40, 80, 160, 300, 300, 300, 0, 10]


@given(st.floats(0.01, 100), st.integers(0, 1000))
def test_a_delay_never_falls_and_never_passes_its_ceiling(base: float, tries: int) -> None:
    assert doubling(base, tries) <= doubling(base, tries + 1) <= base * 30


@pytest.mark.parametrize(
    ("answers", "success", "failure", "passing"),
    [
        ("", 1, 3, None),
        ("+", 1, 3, True),
        ("--", 1, 3, None),
        ("---", 1, 3, False),
        ("+--", 1, 3, True),
        ("+---", 1, 3, False),
        ("--+--", 1, 3, True),
        ("---+", 2, 3, False),
        ("---++", 2, 3, True),
        ("---+-+", 2, 3, False),
    ],
)
def test_a_probe_turns_only_when_its_threshold_is_met_in_a_row(
    answers: str, success: int, failure: int, passing: bool | None
) -> None:
    tally = Tally(success, failure)
    for answer in answers:
        tally = tally.after(answer == "+")
    assert tally.passing is passing


@pytest.mark.parametrize(
    ("raw", "action"),
    [
        ({"httpGet": {"port": "http"}}, HttpGet(8080)),
        ({"httpGet": {"port": 1, "path": "x", "scheme": "https", "host": "h"}}, HttpGet(1, "/x", "h", "HTTPS")),
        ({"httpGet": {"port": "81", "httpHeaders": [{"name": "A", "value": "b"}]}}, HttpGet(81, headers=(("A", "b"),))),
        ({"tcpSocket": {"port": "http"}}, TcpSocket(8080)),
        ({"exec": {"command": ["a", "b"]}}, Exec(("a", "b"))),
        ({"sleep": {"seconds": 3}}, Sleep(3.0)),
    ],
)
def test_actions_are_read(raw: Json, action: object) -> None:
    assert read_action(raw, {"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}) == action


@pytest.mark.parametrize("raw", [{"httpGet": {"port": "none"}}, {"grpc": {"port": 1}}])
def test_an_action_that_cannot_be_done_is_refused(raw: Json) -> None:
    with pytest.raises(ContainerConfigError):
        read_action(raw, {"name": "c"})


def test_the_lapse_divides_period_and_initial_delay_but_not_the_timeout() -> None:
    raw = {"tcpSocket": {"port": 1}, "initialDelaySeconds": 30, "periodSeconds": 5, "timeoutSeconds": 3}
    probe = read_probe("liveness", {"livenessProbe": raw}, lapse=10)
    assert probe is not None
    assert (probe.initial_delay, probe.period, probe.timeout) == (3.0, 0.5, 3.0)
    assert (probe.success_threshold, probe.failure_threshold) == (1, 3)
    assert read_probe("readiness", {"livenessProbe": raw}) is None


def test_an_http_probe_sends_its_own_headers_in_place_of_the_default_ones() -> None:
    request = http_request(HttpGet(80, "/p", headers=(("host", "shop"), ("X-A", "1"))), "127.10.0.1").decode()
    assert request.startswith("GET /p HTTP/1.1\r\nhost: shop\r\n")
    assert "127.10.0.1" not in request
    assert "X-A: 1\r\n" in request


@pytest.mark.parametrize(("line", "code"), [(b"HTTP/1.1 200 OK\r\n", 200), (b"HTTP/1.0 503\r\n", 503)])
def test_a_status_line_is_read(line: bytes, code: int) -> None:
    assert status_of(line) == code


@pytest.mark.parametrize("line", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n", b"\x16\x03\x01"])
def test_what_is_no_status_line_is_no_success(line: bytes) -> None:
    with pytest.raises(ValueError, match="malformed"):
        status_of(line)


@pytest.mark.parametrize(
    ("policy", "role", "code", "again"),
    [
        ("Always", "main", 0, True),
        ("Always", "main", 1, True),
        ("OnFailure", "main", 0, False),
        ("OnFailure", "main", 1, True),
        ("Never", "main", 1, False),
        ("Always", "init", 0, False),
        ("Always", "init", 1, True),
        ("Never", "init", 1, False),
        ("Never", "sidecar", 0, True),
    ],
)
def test_the_restart_policy_decides_about_the_next_run(policy: str, role: Any, code: int, again: bool) -> None:
    assert restarts_after(policy, role, code) is again


@pytest.mark.parametrize(
    ("ahead", "grace", "left"),
    [(30.0, 30, 30.0), (29.5, 30, 30.0), (10.0, 30, 11.0), (-5.0, 30, 0.0), (600.0, 30, 30.0), (0.0, 0, 0.0)],
)
def test_the_grace_period_counts_from_the_deletion(ahead: float, grace: float, left: float) -> None:
    now = NOW.replace(microsecond=0)
    deletion = (now + timedelta(seconds=ahead)).isoformat().replace("+00:00", "Z")
    assert remaining_grace(deletion, grace, now) == left


def test_events_of_one_object_stop_after_a_burst_and_one_more_is_allowed_after_five_minutes() -> None:
    allowance, written = Allowance(at=0.0), 0
    for _ in range(100):
        allowed, allowance = allowance.spend(1.0)
        written += allowed
    assert written == BURST
    assert allowance.spend(310.0)[0] is True
    assert Allowance(0.0, 0.0).spend(299.0)[0] is False


# -- environment -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("$(A)$(B)", "12"),
        ("x$(A)y", "x1y"),
        ("$(C)", "$(C)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A}", "$A ${A}"),
        ("$(A", "$(A"),
        ("$$$$", "$$"),
        ("100%", "100%"),
    ],
)
def test_references_are_expanded_as_kubernetes_documents(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1", "B": "2"}) == expanded


POD: Json = {
    "metadata": {"name": "p", "namespace": "n", "uid": "u", "labels": {"a/b": "c"}, "annotations": {}},
    "spec": {"nodeName": "node"},
}


def facts(config_maps: Json | None = None, secrets: Json | None = None, pod: Json = POD) -> PodFacts:
    allocatable = {"cpu": "8", "memory": "1Gi"}
    return PodFacts(pod, "127.10.0.9", "127.0.0.1", allocatable, Sources(config_maps or {}, secrets or {}))


def test_later_variables_see_earlier_ones_and_env_wins_over_env_from_and_image() -> None:
    container = {
        "envFrom": [{"configMapRef": {"name": "m"}}],
        "env": [{"name": "B", "value": "$(A)!"}, {"name": "A", "value": "late"}, {"name": "C", "value": "$(A)"}],
    }
    env = build_environment(container, facts({"m": {"A": "map"}}), {"A": "base"}, {"I": "$(A)"})
    assert env == {"I": "base", "A": "late", "B": "map!", "C": "late"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"configMapKeyRef": {"name": "m", "key": "k"}}, 'configmap "m" not found'),
        ({"secretKeyRef": {"name": "s", "key": "k"}}, 'secret "s" not found'),
        ({"configMapKeyRef": {"name": "there", "key": "k"}}, "couldn't find key k in ConfigMap n/there"),
        ({"fieldRef": {"fieldPath": "spec.magic"}}, "unsupported fieldPath: spec.magic"),
        ({"resourceFieldRef": {"resource": "limits.love"}}, "unsupported container resource: limits.love"),
        ({"fileKeyRef": {}}, "env X has a valueFrom that this node does not know: fileKeyRef"),
    ],
)
def test_what_a_variable_refers_to_in_vain_is_named(entry: Json, message: str) -> None:
    container = {"env": [{"name": "X", "valueFrom": entry}]}
    with pytest.raises(ContainerConfigError) as caught:
        build_environment(container, facts({"m": None, "there": {}}, {"s": None}), {}, {})
    assert str(caught.value) == message


def test_resources_that_are_not_set_are_those_of_the_node() -> None:
    container = {
        "env": [
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "MEM", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
            {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a/b']"}}},
        ]
    }
    assert build_environment(container, facts(), {}, {}) == {"CPU": "8", "MEM": "1024", "LABEL": "c"}


@pytest.mark.parametrize(
    ("container", "argv"),
    [
        ({}, ["java", "-jar"]),
        ({"args": ["$(A)"]}, ["java", "-jar", "1"]),
        ({"command": ["sh"]}, ["sh"]),
        ({"command": ["sh"], "args": ["-c", "x"]}, ["sh", "-c", "x"]),
    ],
)
def test_command_replaces_the_entrypoint_and_args_follow(container: Json, argv: list[str]) -> None:
    assert build_command(container, ("java", "-jar"), {"A": "1"}) == argv


# -- images and volumes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("crm/api", "crm/api"),
        ("crm/api:1.2", "crm/api"),
        ("reg:5000/crm/api", "reg:5000/crm/api"),
        ("reg:5000/crm/api:1@sha256:ab", "reg:5000/crm/api"),
    ],
)
def test_an_image_is_found_by_its_name_without_tag(image: str, name: str) -> None:
    assert without_tag(image) == name


def test_an_exact_tag_wins_and_files_beside_the_table_are_found(tmp_path: Path) -> None:
    (tmp_path / "app.jar").touch()
    table = tmp_path / "t.yaml"
    table.write_text("images:\n  a: {command: [java, -jar, app.jar], workdir: .}\n  a:2: {command: [two]}\n")
    images = read_table(table)
    found, exact = find(images, "a:1"), find(images, "a:2")
    assert found is not None
    assert exact is not None
    assert found.command == ("java", "-jar", str(tmp_path / "app.jar"))
    assert found.workdir == str(tmp_path)
    assert exact.command == ("two",)


@pytest.mark.parametrize(
    "text",
    ["", "images: []", "images: {a: {}}", "images: {a: {command: x}}", "images: {a: {command: [x], cmd: y}}", "images: {"],
)
def test_a_broken_table_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    table = tmp_path / "t.yaml"
    table.write_text(text)
    with pytest.raises(ImageTableError, match=r"t\.yaml"):
        read_table(table)


def test_a_table_that_breaks_later_keeps_what_it_said_and_a_mended_one_is_read(tmp_path: Path) -> None:
    table = tmp_path / "t.yaml"
    table.write_text("images: {a: {command: [x]}}")
    tables = ImageTables((table,))
    tables.load()
    table.write_text("images: {broken")
    assert tables.resolve("a:9").command == ("x",)
    with pytest.raises(ImageUnknown):
        tables.resolve("b")
    table.write_text("images: {a: {command: [x]}, b: {command: [yy]}}")
    assert tables.changed()
    assert tables.resolve("b").command == ("yy",)


MOUNTS = (Mount("b", "/etc/app/sub", "/root/v/b"), Mount("a", "/etc/app", "/root/v/a"), Mount("t", "/root", "/root/v/t"))


@pytest.mark.parametrize(
    ("text", "real"),
    [
        ("/etc/app", "/root/v/a"),
        ("/etc/app/x.yaml", "/root/v/a/x.yaml"),
        ("/etc/app/sub/y", "/root/v/b/y"),
        ("--config=/etc/app/x", "--config=/root/v/a/x"),
        ("file:///etc/app", "file:///root/v/a"),
        ("/a:/etc/app:/b", "/a:/root/v/a:/b"),
        ("cat '/etc/app/x'; ls", "cat '/root/v/a/x'; ls"),
        ("/etc/apple", "/etc/apple"),
        ("/opt/etc/app", "/opt/etc/app"),
        ("/etc/app-2", "/etc/app-2"),
        ("/root/v/a/x", "/root/v/a/x"),
        ("/root/z", "/root/v/t/z"),
        ("plain", "plain"),
    ],
)
def test_mount_paths_become_real_paths_and_real_paths_stay(text: str, real: str) -> None:
    assert to_real_paths(text, MOUNTS) == real
    assert to_real_paths(real, MOUNTS) == real


def test_a_nested_mount_and_a_sub_path_are_found() -> None:
    entries = [
        {"name": "a", "mountPath": "/etc/"},
        {"name": "a", "mountPath": "/etc/app/one.txt", "subPath": "one.txt"},
    ]
    mounts = mounts_of({"volumeMounts": entries}, {"a": Path("/v/a")})
    assert [(m.mount_path, m.real_path) for m in mounts] == [("/etc/app/one.txt", "/v/a/one.txt"), ("/etc", "/v/a")]
    assert mount_environment((Mount("my-vol.1", "/x", "/v"),)) == {"GENERALPROBE_MOUNT_MY_VOL_1": "/v"}
    with pytest.raises(MountError):
        mounts_of({"volumeMounts": [{"name": "b", "mountPath": "/b"}]}, {})


def test_volume_files_have_their_modes_and_a_secret_is_never_open_to_others(tmp_path: Path) -> None:
    volumes = [
        {"name": "m", "configMap": {"name": "m", "defaultMode": 0o755, "items": [{"key": "k", "path": "deep/k.sh"}]}},
        {"name": "s", "secret": {"secretName": "s", "defaultMode": 0o777}},
        {"name": "e", "emptyDir": {}},
        {"name": "o", "configMap": {"name": "none", "optional": True}},
        {"name": "p", "projected": {"sources": [{"secret": {"name": "s"}}, {"configMap": {"name": "m"}}]}},
    ]
    pod = {**POD, "spec": {"volumes": volumes}}
    paths = make_volumes(facts({"m": {"k": "code", "other": "x"}, "none": None}, {"s": {"w": "pw"}}, pod), tmp_path)
    found = {
        str(file.relative_to(tmp_path)): oct(file.stat().st_mode)[-3:] for file in tmp_path.rglob("*") if file.is_file()
    }
    assert found == {"m/deep/k.sh": "755", "s/w": "600", "p/w": "600", "p/k": "644", "p/other": "644"}
    assert set(paths) == {"m", "s", "e", "o", "p"}
    assert not any(file.stat().st_mode & 0o077 for file in (tmp_path / "s").iterdir())


@pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../out"])
def test_a_volume_never_writes_outside_its_folder(tmp_path: Path, path: str) -> None:
    volumes = [{"name": "m", "configMap": {"name": "m", "items": [{"key": "k", "path": path}]}}]
    with pytest.raises(MountError, match="outside"):
        make_volumes(facts({"m": {"k": "x"}}, pod={**POD, "spec": {"volumes": volumes}}), tmp_path)


# -- status ------------------------------------------------------------------------------------------------------------

UP = Running(NOW)
WAIT = Waiting("ContainerCreating")


def over(code: int) -> Terminated:
    return Terminated(code, "Completed" if code == 0 else "Error", NOW, NOW)


def container(state: Any, last: Terminated | None = None, **more: Any) -> ContainerStatus:
    more.setdefault("ready", isinstance(state, Running))
    return ContainerStatus(more.pop("name", "c"), "i", state, last, **more)


@pytest.mark.parametrize(
    ("policy", "init", "main", "finished", "phase"),
    [
        ("Always", (), (WAIT,), False, "Pending"),
        ("Always", (), (UP, WAIT), False, "Pending"),
        ("Always", (), (UP, UP), False, "Running"),
        ("Always", (UP,), (WAIT,), False, "Pending"),
        ("Always", (over(0),), (UP,), False, "Running"),
        ("Always", (over(1),), (WAIT,), False, "Pending"),
        ("Never", (over(1),), (WAIT,), True, "Failed"),
        ("Always", (), (over(0),), False, "Running"),
        ("OnFailure", (), (over(0), over(0)), False, "Succeeded"),
        ("OnFailure", (), (over(0), over(1)), False, "Running"),
        ("Never", (), (over(0), over(1)), False, "Failed"),
        ("Never", (), (over(0), UP), False, "Running"),
        ("Always", (), (over(143),), True, "Failed"),
        ("Always", (), (over(0),), True, "Succeeded"),
    ],
)
def test_the_phase_follows_from_the_containers(
    policy: str, init: tuple[Any, ...], main: tuple[Any, ...], finished: bool, phase: str
) -> None:
    pod = PodState(policy, tuple(map(container, init)), tuple(map(container, main)), finished=finished)
    assert phase_of(pod) == phase


def test_a_container_in_back_off_keeps_its_pod_running() -> None:
    waiting = container(Waiting("CrashLoopBackOff"), over(1))
    assert phase_of(PodState("Always", (), (waiting,))) == "Running"


def test_a_failure_of_the_pod_is_told_once_nothing_runs_any_more() -> None:
    for state, phase, reason in ((UP, "Running", None), (over(0), "Failed", "DeadlineExceeded")):
        pod = PodState("Always", (), (container(state),), failure=("DeadlineExceeded", "too long"))
        status = status_patch(pod, [], NOW)
        assert (status["phase"], status["reason"]) == (phase, reason)


@pytest.mark.parametrize(
    ("changes", "ready"),
    [
        ({}, True),
        ({"terminating": True}, False),
        ({"finished": True}, False),
        ({"failure": ("X", "")}, False),
        ({"gates": {"g": True}}, True),
        ({"gates": {"g": False}}, False),
        ({"init": (container(UP, restartable_init=True, ready=False),)}, False),
        ({"main": (container(UP), container(UP, ready=False))}, False),
    ],
)
def test_a_pod_is_ready_only_when_everything_is(changes: Json, ready: bool) -> None:
    assert is_ready(PodState(**{"restart_policy": "Always", "init": (), "main": (container(UP),), **changes})) is ready


def test_a_condition_moves_its_time_only_with_its_status_and_forgets_its_reason() -> None:
    down = PodState("Always", (), (container(UP, ready=False),), pod_ip="127.10.0.1", generation=3)
    first = conditions_of(down, [], NOW)
    later = NOW + timedelta(minutes=1)
    second = conditions_of(PodState("Always", (), (container(UP),), pod_ip="127.10.0.1", generation=3), first, later)
    before, after = ({c["type"]: c for c in found} for found in (first, second))
    assert before["Ready"]["reason"] == "ContainersNotReady"
    assert before["Ready"]["message"] == "containers with unready status: [c]"
    assert after["Ready"]["status"] == "True"
    assert after["Ready"]["reason"] is None
    assert after["Ready"]["lastTransitionTime"] == "2026-09-19T10:01:00Z"
    assert after["Initialized"]["lastTransitionTime"] == "2026-09-19T10:00:00Z"
    assert after["Ready"]["observedGeneration"] == 3


def test_a_status_replaces_the_addresses_of_a_former_life() -> None:
    patch = status_patch(PodState("Always", (), (container(UP),), "127.10.0.4", "127.0.0.1", NOW), [], NOW)
    assert patch["podIPs"] == [{"$patch": "replace"}, {"ip": "127.10.0.4"}]
    assert patch["startTime"] == "2026-09-19T10:00:00Z"


def test_a_terminated_container_tells_code_and_times() -> None:
    body = container_json(container(Terminated(137, "Error", NOW, NOW, container_id="x"), restart_count=2))
    assert body["state"]["terminated"] == {
        "exitCode": 137,
        "reason": "Error",
        "startedAt": "2026-09-19T10:00:00Z",
        "finishedAt": "2026-09-19T10:00:00Z",
        "containerID": "x",
    }
    assert body["restartCount"] == 2


# -- logs and usage ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"), [(None, "a\nb\nc\n"), (0, ""), (1, "c\n"), (2, "b\nc\n"), (3, "a\nb\nc\n"), (9, "a\nb\nc\n")]
)
def test_the_tail_of_a_log_begins_at_a_line(tmp_path: Path, lines: int | None, expected: str) -> None:
    file = tmp_path / "log"
    file.write_text("a\nb\nc\n")
    assert file.read_text()[tail_position(file, lines) :] == expected


@given(st.lists(st.text("xy", max_size=5), min_size=1, max_size=30), st.integers(1, 40), st.booleans())
def test_a_tail_is_what_the_last_lines_are(tmp_path_factory: Any, lines: list[str], wanted: int, ends: bool) -> None:
    file = tmp_path_factory.mktemp("tail") / "log"
    text = "\n".join(lines) + ("\n" if ends else "")
    file.write_text(text)
    assert text[tail_position(file, wanted) :] == "".join(text.splitlines(keepends=True)[-wanted:])


def test_usage_is_summed_per_pod_and_counters_never_fall() -> None:
    rows = [ContainerUsage("n", "p", name, 1.5, Usage(cpu, 10)) for name, cpu in (("a", 1.0), ("b", 2.5))]
    text = exposition(rows)
    assert 'pod_cpu_usage_seconds_total{namespace="n",pod="p"} 3.5\n' in text
    assert 'container_memory_working_set_bytes{container="a",namespace="n",pod="p"} 10\n' in text
    assert "node_memory_working_set_bytes 20\n" in text
    assert never_less({"x": 5.0, "gone": 1.0}, {"x": 4.0, "y": 1.0}) == {"x": 5.0, "y": 1.0}
