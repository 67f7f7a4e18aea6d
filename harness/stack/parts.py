"""The table of parts: what each is built from, and whose version is pinned in the go.mod beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.errors import BadInput

MODULES = Path(__file__).parent
"""The folder that holds one Go module (go.mod and go.sum, no Go code) per family of parts."""


class Need(StrEnum):
    """When a part is built."""

    ALWAYS = "always"
    STAGING = "staging"
    """Needed to stage an application on the cluster, not by the cluster itself."""
    REQUEST = "request"
    """Built only when it is asked for by name."""


@dataclass(frozen=True, slots=True)
class Part:
    """One program. `version_flags` are `-X` variables; `{version}` and its pieces are filled from the pinned version."""

    name: str
    folder: str
    package: str
    module: str
    need: Need
    tags: str = ""
    version_flags: tuple[str, ...] = ()
    version_args: tuple[str, ...] = ("--version",)
    aliases: tuple[str, ...] = ()
    """Other file names under which a `--bin-dir` may hold it."""

    @property
    def pinned_version(self) -> str:
        """The version its module is required in, such as `v1.36.3`."""
        text = (MODULES / self.folder / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise BadInput(f"harness/stack/{self.folder}/go.mod requires no {self.module}; run `go mod tidy` there.")
        return found.group(1)

    @property
    def released_version(self) -> str:
        """The version as the program itself states it: Prometheus' module v0.316.0 is the release v3.16.0."""
        version = self.pinned_version
        if self.module == "github.com/prometheus/prometheus":
            _, minor, patch = version.removeprefix("v").split(".", 2)
            return f"v{int(minor) // 100}.{int(minor) % 100}.{patch}"
        return version

    @property
    def ldflags(self) -> str:
        """Strip symbols, and tell the program its version, which it cannot know when it is built as a dependency."""
        version = self.released_version
        major, minor, _ = version.removeprefix("v").split(".", 2)
        filled = (
            flag.format(version=version, bare=version.removeprefix("v"), major=major, minor=minor)
            for flag in self.version_flags
        )
        return " ".join(["-s", "-w", *(f"-X {flag}" for flag in filled)])


_KUBERNETES_VERSION = tuple(
    f"k8s.io/component-base/version.{variable}"
    for variable in ("gitVersion={version}", "gitMajor={major}", "gitMinor={minor}", "gitTreeState=clean")
)
_KEDA_VERSION = ("github.com/kedacore/keda/v2/version.Version={bare}",)
_PROMETHEUS_VERSION = ("github.com/prometheus/common/version.Version={bare}",)
_PROMETHEUS_TAGS = "netgo,remove_all_sd,enable_kubernetes_sd"


def _kubernetes(command: str, need: Need, version_args: tuple[str, ...] = ("--version",)) -> Part:
    package = f"k8s.io/kubernetes/cmd/{command}"
    return Part(command, "kubernetes", package, "k8s.io/kubernetes", need, "", _KUBERNETES_VERSION, version_args)


def _keda(command: str) -> Part:
    module = "github.com/kedacore/keda/v2"
    package = f"{module}/cmd/{command}"
    return Part(f"keda-{command}", "keda", package, module, Need.ALWAYS, "", _KEDA_VERSION, (), (command,))


def _prometheus(command: str, need: Need) -> Part:
    module = "github.com/prometheus/prometheus"
    return Part(command, "prometheus", f"{module}/cmd/{command}", module, need, _PROMETHEUS_TAGS, _PROMETHEUS_VERSION)


def _alertmanager(command: str, need: Need) -> Part:
    module = "github.com/prometheus/alertmanager"
    return Part(command, "alertmanager", f"{module}/cmd/{command}", module, need, "", _PROMETHEUS_VERSION)


def _whole(name: str, folder: str, module: str, package: str, need: Need, args: tuple[str, ...]) -> Part:
    return Part(name, folder, f"{module}{package}", module, need, version_args=args, aliases=("server",))


PARTS: tuple[Part, ...] = (
    _whole("etcd", "etcd", "go.etcd.io/etcd/server/v3", "", Need.ALWAYS, ("--version",)),
    _kubernetes("kube-apiserver", Need.ALWAYS),
    _kubernetes("kube-controller-manager", Need.ALWAYS),
    _kubernetes("kube-scheduler", Need.ALWAYS),
    _keda("operator"),
    _keda("adapter"),
    _prometheus("prometheus", Need.ALWAYS),
    _whole("caddy", "caddy", "github.com/caddyserver/caddy/v2", "/cmd/caddy", Need.ALWAYS, ("version",)),
    _alertmanager("alertmanager", Need.ALWAYS),
    _whole("helm", "helm", "helm.sh/helm/v4", "/cmd/helm", Need.STAGING, ("version", "--short")),
    _kubernetes("kubectl", Need.REQUEST, ("version", "--client")),
    _prometheus("promtool", Need.REQUEST),
    _alertmanager("amtool", Need.REQUEST),
    _whole("kwok", "kwok", "sigs.k8s.io/kwok", "/cmd/kwok", Need.REQUEST, ("--version",)),
    _whole("toxiproxy", "toxiproxy", "github.com/Shopify/toxiproxy/v2", "/cmd/server", Need.REQUEST, ("-version",)),
)
"""In building order: the longest chain that a cluster waits for comes first."""


def part(name: str) -> Part:
    """The part of that name. Raises BadInput, naming those there are."""
    for candidate in PARTS:
        if candidate.name == name:
            return candidate
    names = ", ".join(candidate.name for candidate in PARTS)
    raise BadInput(f"There is no part '{name}'; there are {names}.")


def needed(*needs: Need) -> tuple[Part, ...]:
    """The parts with one of these needs, in building order."""
    return tuple(candidate for candidate in PARTS if candidate.need in needs)
