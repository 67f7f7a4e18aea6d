"""Volumes of a pod as folders, and how a container finds them.

There is no mount namespace, so a ``mountPath`` does not exist in the file system. A container finds its volumes so:

- ``GENERALPROBE_MOUNT_<NAME>`` (volume name in upper case, other characters as ``_``) holds the real path;
- where a word of command, args or a value of env holds a ``mountPath`` as a whole path or as the beginning of one, it is
  replaced by the real path (``--config=/etc/app/x.yaml``, ``file:///etc/app``, ``/a:/etc/app``). Probe commands too.

A program that has the path compiled in does not find it. Files are written once, when the pod starts; emptyDir,
configMap, secret, downwardAPI, projected (of those) and hostPath are known.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.node.environment import PodFacts, Sources, field_value, resource_value
from harness.node.errors import MountError

NOT_IN_NAME = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True)
class Mount:
    """One mount of a container: the path it asks for and the path it gets."""

    volume: str
    mount_path: str
    real_path: str


def volume_sources_needed(pod: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Names of the ConfigMaps and of the Secrets that a pod's volumes refer to."""
    config_maps, secrets = set(), set()
    for volume in pod.get("spec", {}).get("volumes") or []:
        for part in [volume, *((volume.get("projected") or {}).get("sources") or [])]:
            if ref := part.get("configMap"):
                config_maps.add(ref.get("name", ""))
            if ref := part.get("secret"):
                secrets.add(ref.get("secretName") or ref.get("name", ""))
    return config_maps, secrets


def make_volumes(facts: PodFacts, folder: Path) -> dict[str, Path]:
    """Write a pod's volumes below ``folder``; the path of each by volume name.

    Raises:
        MountError: a ConfigMap, Secret or key that is not optional is missing, or the kind of volume is not known.
        OSError: the files cannot be written.
    """
    paths: dict[str, Path] = {}
    for volume in facts.pod.get("spec", {}).get("volumes") or []:
        name = volume["name"]
        if host := volume.get("hostPath"):
            paths[name] = Path(host["path"])
            continue
        path = folder / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        paths[name] = path
        if "emptyDir" in volume:
            continue
        wanted = _files_of_volume(volume, facts)
        if "projected" in volume and _is_service_account_token(volume):
            continue
        for relative, (content, mode) in wanted.items():
            _write(path, relative, content, mode)
    return paths


def _is_service_account_token(volume: Mapping[str, Any]) -> bool:
    return any("serviceAccountToken" in part for part in volume["projected"].get("sources") or [])


def _files_of_volume(volume: Mapping[str, Any], facts: PodFacts) -> dict[str, tuple[str, int]]:
    if "projected" in volume:
        files: dict[str, tuple[str, int]] = {}
        if _is_service_account_token(volume):
            return files
        mode = volume["projected"].get("defaultMode")
        for part in volume["projected"].get("sources") or []:
            files.update(_files_of(part, facts, mode, volume["name"]))
        return files
    return _files_of(volume, facts, None, volume["name"])


def _files_of(part: Mapping[str, Any], facts: PodFacts, mode: int | None, volume: str) -> dict[str, tuple[str, int]]:
    if ref := part.get("configMap"):
        return _keyed("configmap", ref.get("name", ""), ref, facts.sources, mode)
    if ref := part.get("secret"):
        files = _keyed("secret", ref.get("secretName") or ref.get("name", ""), ref, facts.sources, mode)
        # No user namespace separates pods of this node from other users of the machine: never wider than the owner.
        return {path: (content, 0o600 & (file_mode | 0o600)) for path, (content, file_mode) in files.items()}
    if ref := part.get("downwardAPI"):
        return {item["path"]: (_downward(item, facts), mode or 0o644) for item in ref.get("items") or []}
    kinds = ", ".join(key for key in part if key != "name")
    raise MountError(f'volume "{volume}" is of a kind this node does not know: {kinds}')


def _keyed(kind: str, name: str, ref: Mapping[str, Any], sources: Sources, mode: int | None) -> dict[str, tuple[str, int]]:
    data = sources.of(kind, name)
    if data is None:
        if ref.get("optional"):
            return {}
        raise MountError(f'{kind} "{name}" not found')
    default = ref.get("defaultMode") or mode or 0o644
    items = ref.get("items")
    if not items:
        return {key: (value, default) for key, value in data.items()}
    files = {}
    for item in items:
        if item["key"] in data:
            files[item["path"]] = (data[item["key"]], item.get("mode") or default)
        elif not ref.get("optional"):
            raise MountError(f"{kind} references non-existent key: {item['key']}")
    return files


def _downward(item: Mapping[str, Any], facts: PodFacts) -> str:
    if ref := item.get("fieldRef"):
        return field_value(facts.pod, ref["fieldPath"], facts.pod_ip, facts.host_ip)
    return resource_value(facts.pod, {}, item["resourceFieldRef"], facts.allocatable)


def _write(folder: Path, relative: str, content: str, mode: int) -> None:
    target = Path(os.path.normpath(folder / relative))
    if not target.is_relative_to(folder):
        raise MountError(f"the path {relative} lies outside its volume")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o777)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(content)


def remove_volumes(folder: Path) -> None:
    """Delete a pod's volumes; Secrets must not outlive their pod."""
    shutil.rmtree(folder, ignore_errors=True)


def mounts_of(container: Mapping[str, Any], paths: Mapping[str, Path]) -> tuple[Mount, ...]:
    """A container's mounts, longest ``mountPath`` first so that a nested mount wins over the one around it.

    Raises:
        MountError: a mount names a volume that the pod does not have.
    """
    mounts = []
    for entry in container.get("volumeMounts") or []:
        if entry["name"] not in paths:
            raise MountError(f'volume "{entry["name"]}" of mount {entry["mountPath"]} is not among the pod\'s volumes')
        real = paths[entry["name"]]
        if sub := entry.get("subPath"):
            real = real / sub
        mounts.append(Mount(entry["name"], entry["mountPath"].rstrip("/") or "/", str(real)))
    return tuple(sorted(mounts, key=lambda mount: -len(mount.mount_path)))


def mount_environment(mounts: tuple[Mount, ...]) -> dict[str, str]:
    """``GENERALPROBE_MOUNT_<NAME>`` of each mounted volume."""
    return {f"GENERALPROBE_MOUNT_{NOT_IN_NAME.sub('_', mount.volume).upper()}": mount.real_path for mount in mounts}


def to_real_paths(text: str, mounts: tuple[Mount, ...]) -> str:
    """Replace every mountPath that stands in the text as a path or the beginning of one by its real path."""
    usable = [mount for mount in mounts if mount.mount_path != "/"]
    if not usable or "/" not in text:
        return text
    # Real paths stand for themselves: the folder of the node may lie below a mountPath such as /tmp.
    by_path = {mount.real_path: mount.real_path for mount in usable} | {m.mount_path: m.real_path for m in usable}
    alternatives = "|".join(re.escape(path) for path in sorted(by_path, key=len, reverse=True))
    pattern = re.compile(rf"(?:(?<![\w.\-/])|(?<=://))(?:{alternatives})(?![\w.\-])")
    return pattern.sub(lambda match: by_path[match[0]], text)
