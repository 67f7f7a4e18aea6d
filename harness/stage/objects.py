"""Applying manifests to a cluster, and waiting until what they describe is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import kubernetes.config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError, ResourceNotFoundError
from urllib3.exceptions import HTTPError

from harness.errors import BadInput, Unavailable
from harness.stage.chart import Manifest

FIELD_MANAGER = "generalprobe"
OPT_IN_LABEL = "generalprobe.dev/rehearse"
_FIRST = ("Namespace", "CustomResourceDefinition", "ServiceAccount", "Secret", "ConfigMap", "Service")


class Cluster:
    """A thin sync face over one cluster's API, for staging only."""

    def __init__(self, kubeconfig: Path, context: str) -> None:
        try:
            self._dynamic = DynamicClient(kubernetes.config.new_client_from_config(str(kubeconfig), context=context))
        except (ConfigException, ApiException, HTTPError) as error:
            reason = str(error).splitlines()[0]
            raise Unavailable(f"The cluster of context '{context}' does not answer: {reason}; is it up?") from None

    def apply(self, manifests: Sequence[Manifest], namespace: str) -> None:
        """Apply server-side, in an order in which each finds what it needs. Raises BadInput naming the object."""
        order = {kind: index for index, kind in enumerate(_FIRST)}
        for manifest in sorted(manifests, key=lambda one: order.get(one["kind"], len(order))):
            self._apply_one(manifest, namespace)

    def _apply_one(self, manifest: Manifest, namespace: str) -> None:
        name = f"{manifest['kind']} {manifest['metadata']['name']}"
        try:
            resource = self._dynamic.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])
            self._dynamic.server_side_apply(
                resource,
                body=manifest,
                namespace=(manifest["metadata"].get("namespace") or namespace) if resource.namespaced else None,
                field_manager=FIELD_MANAGER,
                force_conflicts=True,
            )
        except ResourceNotFoundError:
            raise BadInput(f"The cluster does not know {manifest['apiVersion']} {name}; is its CRD installed?") from None
        except (DynamicApiError, ApiException) as error:
            raise BadInput(
                f"The cluster refuses {name}: {error.summary() if hasattr(error, 'summary') else error}"
            ) from None

    def open_namespace(self, name: str) -> None:
        """Make the namespace with the label that allows rehearsals in it."""
        labels = {OPT_IN_LABEL: "allowed"}
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        self._apply_one(manifest, name)

    def put_secret(self, namespace: str, name: str, values: Mapping[str, str]) -> None:
        """Make or replace a Secret."""
        metadata = {"name": name, "namespace": namespace}
        self._apply_one({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(values)}, namespace)

    def service_urls(self, namespace: str) -> dict[str, str]:
        """Name of each Service -> base URL at its cluster IP and first port."""
        return {
            service["metadata"]["name"]: f"http://{service['spec']['clusterIP']}:{service['spec']['ports'][0]['port']}"
            for service in self._list("v1", "Service", namespace)
            if service["spec"].get("clusterIP") not in (None, "", "None") and service["spec"].get("ports")
        }

    def readiness(self, namespace: str) -> dict[str, tuple[int, int]]:
        """Deployment -> (ready, wanted) replicas, as seen for its current generation."""
        return {one["metadata"]["name"]: _readiness(one) for one in self._list("apps/v1", "Deployment", namespace)}

    def wait_ready(self, namespace: str, timeout_seconds: float, progress: Callable[[str], None]) -> None:
        """Until every Deployment is fully ready. Raises Unavailable with what is missing and the latest warnings."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            state = self.readiness(namespace)
            missing = {name: counts for name, counts in state.items() if counts[0] < counts[1]}
            progress(
                f"{sum(ready for ready, _ in state.values())}/{sum(wanted for _, wanted in state.values())} pods ready"
            )
            if state and not missing:
                return
            if time.monotonic() > deadline:
                names = ", ".join(f"{name} {ready}/{wanted}" for name, (ready, wanted) in sorted(missing.items()))
                raise Unavailable(
                    f"After {timeout_seconds:.0f} s the system is not ready: {names or 'no Deployment'}"
                    f"{self._warnings(namespace)}; see `rehearse logs POD`."
                )
            time.sleep(0.25)

    def wait_scaledobjects(self, namespace: str, timeout_seconds: float) -> None:
        """Until KEDA has made an HPA of every ScaledObject. Raises Unavailable with KEDA's reason."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            items = self._list("keda.sh/v1alpha1", "ScaledObject", namespace)
            waiting = [item for item in items if not _is_ready(item)]
            if not waiting:
                return
            if time.monotonic() > deadline:
                names = ", ".join(item["metadata"]["name"] for item in waiting)
                raise Unavailable(
                    f"KEDA did not accept {names} within {timeout_seconds:.0f} s; see `rehearse logs keda-operator`."
                )
            time.sleep(0.25)

    def _warnings(self, namespace: str) -> str:
        events = [event for event in self._list("v1", "Event", namespace) if event.get("type") == "Warning"]
        said = {f"{event['involvedObject']['name']}: {event.get('message', '')}" for event in events}
        return f" ({'; '.join(sorted(said)[:3])})" if said else ""

    def _list(self, api_version: str, kind: str, namespace: str) -> list[Manifest]:
        try:
            resource = self._dynamic.resources.get(api_version=api_version, kind=kind)
            items: list[Manifest] = resource.get(namespace=namespace).to_dict()["items"]
            return items
        except (DynamicApiError, ApiException, HTTPError) as error:
            raise Unavailable(f"The cluster does not list {kind}s: {str(error).splitlines()[0]}.") from None


def _readiness(deployment: Manifest) -> tuple[int, int]:
    status, wanted = deployment.get("status") or {}, int(deployment["spec"].get("replicas", 1))
    current = int(status.get("observedGeneration") or 0) >= deployment["metadata"]["generation"]
    settled = current and int(status.get("replicas") or 0) == wanted
    fresh = min(int(status.get("readyReplicas") or 0), int(status.get("updatedReplicas") or 0))
    return (fresh if settled else 0), wanted


def _is_ready(item: Manifest) -> bool:
    conditions = (item.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
