"""Environment, command and arguments of a container, as a kubelet makes them.

Sources: https://kubernetes.io/docs/tasks/inject-data-application/ and the kubelet's makeEnvironmentVariables.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.node.errors import ContainerConfigError
from harness.node.quantities import in_units_of

REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")
SUBSCRIPT = re.compile(r"^metadata\.(labels|annotations)\['([^']+)'\]$")
ENV_NAME = re.compile(r"^[^=\x00]+$")


@dataclass(frozen=True)
class Sources:
    """ConfigMaps and Secrets of the pod's namespace by name, decoded; None where the API server has none."""

    config_maps: Mapping[str, Mapping[str, str] | None]
    secrets: Mapping[str, Mapping[str, str] | None]

    def of(self, kind: str, name: str) -> Mapping[str, str] | None:
        """The data of one ConfigMap (``kind`` configmap) or Secret (``kind`` secret)."""
        return (self.config_maps if kind == "configmap" else self.secrets).get(name)


def decode_secret(secret: Mapping[str, Any]) -> dict[str, str]:
    """The values of a Secret object as text (bytes that are no UTF-8 survive as surrogates)."""
    data = secret.get("data") or {}
    return {key: base64.b64decode(value).decode("utf-8", "surrogateescape") for key, value in data.items()}


def decode_config_map(config_map: Mapping[str, Any]) -> dict[str, str]:
    """The values of a ConfigMap object as text."""
    binary = config_map.get("binaryData") or {}
    return dict(config_map.get("data") or {}) | decode_secret({"data": binary})


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` by its value and ``$$`` by ``$``; a reference to an unknown name stays as it is."""

    def replaced(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return values.get(match[1], match[0])

    return REFERENCE.sub(replaced, text)


def field_value(pod: Mapping[str, Any], path: str, pod_ip: str, host_ip: str) -> str:
    """The value of a fieldRef.

    Raises:
        ContainerConfigError: the field is none that a container may refer to.
    """
    metadata, spec = pod["metadata"], pod.get("spec", {})
    plain: dict[str, str] = {
        "metadata.name": metadata.get("name", ""),
        "metadata.namespace": metadata.get("namespace", ""),
        "metadata.uid": metadata.get("uid", ""),
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.podIP": pod_ip,
        "status.podIPs": pod_ip,
        "status.hostIP": host_ip,
        "status.hostIPs": host_ip,
    }
    if path in plain:
        return plain[path]
    if match := SUBSCRIPT.match(path):
        return str((metadata.get(match[1]) or {}).get(match[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        entries = metadata.get(path.removeprefix("metadata.")) or {}
        return "\n".join(f'{key}="{value}"' for key, value in sorted(entries.items()))
    raise ContainerConfigError(f"unsupported fieldPath: {path}")


def resource_value(
    pod: Mapping[str, Any], container: Mapping[str, Any], ref: Mapping[str, Any], allocatable: Mapping[str, str]
) -> str:
    """The value of a resourceFieldRef.

    A limit that is not set is the node's allocatable, a request that is not set the limit.

    Raises:
        ContainerConfigError: the resource is none that a container may refer to.
    """
    kind, _, resource = str(ref.get("resource", "")).partition(".")
    if kind not in ("limits", "requests") or resource not in ("cpu", "memory", "ephemeral-storage"):
        raise ContainerConfigError(f"unsupported container resource: {ref.get('resource')}")
    spec = pod.get("spec", {})
    everyone = [*spec.get("initContainers", []), *spec.get("containers", [])]
    owner = next((c for c in everyone if c["name"] == ref.get("containerName")), container)
    resources = owner.get("resources") or {}
    limit = (resources.get("limits") or {}).get(resource)
    quantity = (resources.get("requests") or {}).get(resource, limit or "0") if kind == "requests" else limit
    return str(in_units_of(str(quantity or allocatable.get(resource, "0")), str(ref.get("divisor") or "1")))


def sources_needed(container: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Names of the ConfigMaps and of the Secrets that a container's environment refers to."""
    config_maps, secrets = set(), set()
    for entry in container.get("envFrom") or []:
        if ref := entry.get("configMapRef"):
            config_maps.add(ref.get("name", ""))
        if ref := entry.get("secretRef"):
            secrets.add(ref.get("name", ""))
    for entry in container.get("env") or []:
        origin = entry.get("valueFrom") or {}
        if ref := origin.get("configMapKeyRef"):
            config_maps.add(ref.get("name", ""))
        if ref := origin.get("secretKeyRef"):
            secrets.add(ref.get("name", ""))
    return config_maps, secrets


@dataclass(frozen=True)
class PodFacts:
    """What the environment of a container is made from, besides the container itself."""

    pod: Mapping[str, Any]
    pod_ip: str
    host_ip: str
    allocatable: Mapping[str, str]
    sources: Sources


def build_environment(
    container: Mapping[str, Any], facts: PodFacts, base: Mapping[str, str], image: Mapping[str, str]
) -> dict[str, str]:
    """The container's whole environment; later ones win: ``base``, the image's (expanded), envFrom, env.

    Raises:
        ContainerConfigError: a ConfigMap, Secret or key that is not optional is missing; worded as a kubelet does.
    """
    result = dict(base)
    for name, value in image.items():
        result[name] = expand(value, result)
    for entry in container.get("envFrom") or []:
        result.update(_from_all(entry, facts))
    for entry in container.get("env") or []:
        own = _env_value(entry, container, facts, result)
        if own is not None:
            result[entry["name"]] = own
    return result


def _from_all(entry: Mapping[str, Any], facts: PodFacts) -> dict[str, str]:
    prefix = entry.get("prefix") or ""
    found: dict[str, str] = {}
    for field, kind in (("configMapRef", "configmap"), ("secretRef", "secret")):
        ref = entry.get(field)
        if not ref:
            continue
        data = facts.sources.of(kind, ref.get("name", ""))
        if data is None:
            if ref.get("optional"):
                continue
            raise ContainerConfigError(f'{kind} "{ref.get("name", "")}" not found')
        found.update({prefix + key: value for key, value in data.items() if ENV_NAME.match(key)})
    return found


def _env_value(
    entry: Mapping[str, Any], container: Mapping[str, Any], facts: PodFacts, sofar: Mapping[str, str]
) -> str | None:
    origin = entry.get("valueFrom")
    if not origin:
        return expand(str(entry.get("value") or ""), sofar)
    if ref := origin.get("fieldRef"):
        return field_value(facts.pod, ref["fieldPath"], facts.pod_ip, facts.host_ip)
    if ref := origin.get("resourceFieldRef"):
        return resource_value(facts.pod, container, ref, facts.allocatable)
    for field, kind, title in (("configMapKeyRef", "configmap", "ConfigMap"), ("secretKeyRef", "secret", "Secret")):
        if not (ref := origin.get(field)):
            continue
        name, key, optional = ref.get("name", ""), ref["key"], bool(ref.get("optional"))
        data = facts.sources.of(kind, name)
        if data is None and not optional:
            raise ContainerConfigError(f'{kind} "{name}" not found')
        if data is not None and key in data:
            return data[key]
        if optional:
            return None
        namespace = facts.pod["metadata"].get("namespace", "")
        raise ContainerConfigError(f"couldn't find key {key} in {title} {namespace}/{name}")
    raise ContainerConfigError(f"env {entry.get('name')} has a valueFrom that this node does not know: {', '.join(origin)}")


def build_command(container: Mapping[str, Any], entrypoint: tuple[str, ...], env: Mapping[str, str]) -> list[str]:
    """``command`` replaces the image's entrypoint and its arguments, ``args`` follow; both with $(NAME) expanded."""
    command = [expand(str(word), env) for word in container.get("command") or []]
    args = [expand(str(word), env) for word in container.get("args") or []]
    return [*(command or entrypoint), *args]
