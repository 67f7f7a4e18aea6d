"""`scaledobject-triggers`: spec.triggers of a KEDA ScaledObject, put back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError

from harness.errors import Unavailable
from harness.safety.cluster import TIMEOUT_SECONDS, connect, explain
from harness.safety.restore import NotRestored
from harness.safety.undo import Entry

GROUP, VERSION, PLURAL = "keda.sh", "v1alpha1", "scaledobjects"
MERGE = "application/merge-patch+json"
_ATTEMPTS = 8


def restore(entry: Entry) -> str:
    """Put the original triggers back where the object still carries ours. Raises NotRestored where that is unknown."""
    embedded = bool(entry.cluster.get("embedded"))
    kubeconfig = Path(entry.cluster["kubeconfig"])
    if embedded and not kubeconfig.is_file():
        return "the embedded cluster is gone, and the change with it"
    try:
        return _put_back(client.CustomObjectsApi(connect(kubeconfig, entry.cluster.get("context"))), entry)
    except ApiException as error:
        raise NotRestored(f"the API server says: {explain(error)}") from None
    except HTTPError as error:
        # On loopback nobody listens, or somebody else with another CA does: the cluster of that time has ended.
        cause = getattr(error, "reason", error)
        if embedded and isinstance(cause, NewConnectionError | SSLError):
            return "the embedded cluster has ended, and the change with it"
        raise NotRestored(f"the cluster does not answer: {explain(error)}") from None
    except (Unavailable, OSError) as error:
        raise NotRestored(str(error)) from None


def patch(api: Any, namespace: str, name: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Merge-patch a ScaledObject; lists are replaced whole. A resourceVersion in `body` makes it fail on conflict (409)."""
    changed: dict[str, Any] = api.patch_namespaced_custom_object(
        GROUP, VERSION, namespace, PLURAL, name, body, _content_type=MERGE, _request_timeout=TIMEOUT_SECONDS, **more
    )
    return changed


def read(api: Any, namespace: str, name: str) -> dict[str, Any]:
    """A ScaledObject as it is now."""
    found: dict[str, Any] = api.get_namespaced_custom_object(
        GROUP, VERSION, namespace, PLURAL, name, _request_timeout=TIMEOUT_SECONDS
    )
    return found


def _put_back(api: Any, entry: Entry) -> str:
    namespace, name = entry.object["namespace"], entry.object["name"]
    original, applied = entry.original["triggers"], entry.applied.get("triggers")
    for _ in range(_ATTEMPTS):
        try:
            now = read(api, namespace, name)
        except ApiException as error:
            if error.status == 404:
                return "the object is gone, nothing is left to put back"
            raise
        if now["metadata"]["uid"] != entry.object["uid"]:
            return "the object was made anew since, its triggers are left as they are"
        triggers = now["spec"].get("triggers")
        if triggers == original:
            return "the triggers are as they were"
        if applied is not None and triggers != applied:
            return "somebody else changed the triggers since, they are left as they are"
        version = now["metadata"]["resourceVersion"]
        try:
            patch(api, namespace, name, {"metadata": {"resourceVersion": version}, "spec": {"triggers": original}})
        except ApiException as error:
            if error.status == 409:  # changed between our reading and writing (KEDA writes its status): look again
                continue
            raise
        return "the triggers were put back"
    raise NotRestored(f"the object changed {_ATTEMPTS} times while it was put back; try again.")
