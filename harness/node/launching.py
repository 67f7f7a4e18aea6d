"""What is needed to start a container's process: image, environment, command, probes and hooks put together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from harness.node import leftovers
from harness.node.environment import PodFacts, build_command, build_environment, sources_needed
from harness.node.images import ImageTables, Runnable
from harness.node.probes import Action, ProbeKind, ProbeSpec, read_action, read_probe
from harness.node.settings import NodeSettings
from harness.node.volumes import Mount, mount_environment, mounts_of, to_real_paths

Role = Literal["init", "sidecar", "main"]
KINDS: tuple[ProbeKind, ...] = ("startup", "readiness", "liveness")


class Pod(Protocol):
    """What a container needs of its pod."""

    settings: NodeSettings
    images: ImageTables
    stopping: asyncio.Event
    folder: Path
    ip: str
    run_id: str
    volume_paths: dict[str, Path]

    @property
    def title(self) -> str: ...
    @property
    def restart_policy(self) -> str: ...
    @property
    def grace_period(self) -> float: ...
    def now(self) -> datetime: ...
    def changed(self) -> None: ...
    def emit(self, kind: str, reason: str, message: str, container: str | None = None) -> None: ...
    async def facts(self, config_maps: set[str], secrets: set[str]) -> PodFacts: ...
    async def pause(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Launch:
    """Everything to start a container's process and to ask its probes."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    mounts: tuple[Mount, ...]
    probes: Mapping[ProbeKind, ProbeSpec]
    post_start: Action | None
    pre_stop: Action | None


async def build_launch(pod: Pod, spec: Mapping[str, Any], role: Role, runnable: Runnable) -> Launch:
    """Put together what a container's next run needs, with ConfigMaps and Secrets as they are now.

    Raises:
        ContainerConfigError, MountError: something the container refers to is missing.
        ApiError, ApiUnreachable: ConfigMaps and Secrets cannot be read now.
    """
    facts = await pod.facts(*sources_needed(spec))
    mounts = mounts_of(spec, pod.volume_paths)
    folder = pod.folder / str(spec["name"])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    base = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "HOSTNAME": str(facts.pod["metadata"]["name"]),
        "GENERALPROBE_POD_IP": pod.ip,
        **mount_environment(mounts),
    }
    env = build_environment(spec, facts, base, runnable.env)
    env = {key: value if base.get(key) == value else to_real_paths(value, mounts) for key, value in env.items()}
    env[leftovers.MARK] = leftovers.mark_of(pod.settings.root, pod.run_id)
    asked = str(spec.get("workingDir") or "")
    hooks = spec.get("lifecycle") or {}
    probes = [] if role == "init" else [read_probe(kind, spec, pod.settings.probe_lapse) for kind in KINDS]
    return Launch(
        argv=[to_real_paths(word, mounts) for word in build_command(spec, runnable.command, env)],
        env=env,
        cwd=to_real_paths(asked, mounts) if asked else runnable.workdir or str(folder),
        mounts=mounts,
        probes={probe.kind: probe for probe in probes if probe},
        post_start=read_action(hooks["postStart"], spec) if hooks.get("postStart") else None,
        pre_stop=read_action(hooks["preStop"], spec) if hooks.get("preStop") else None,
    )
