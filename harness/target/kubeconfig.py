"""Any cluster of your own as a target: a context of your kubeconfig, and addresses that the rehearsal names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import httpx
import kubernetes.config
from kubernetes.config.config_exception import ConfigException

from harness.errors import BadInput, Unavailable
from harness.plan.model import Plan
from harness.plan.rehearsal import Rehearsal, TargetSpec
from harness.stage.objects import Cluster
from harness.target.base import Target

PROBE_SECONDS = 5.0


def target_named(rehearsal: Rehearsal, name: str) -> TargetSpec:
    """The target of that name in the rehearsal. Raises BadInput with what to write where there is none."""
    if name not in rehearsal.spec.targets:
        known = ", ".join(sorted(rehearsal.spec.targets)) or "none"
        text = f"There is no target '{name}' (there is {known}); add it under 'targets:'"
        raise BadInput([rehearsal.problem(text, "targets")])
    return rehearsal.spec.targets[name]


def connect(plan: Plan, spec: TargetSpec, environ: Mapping[str, str] = os.environ) -> Target:
    """Check that everything answers, and describe it. Changes nothing. Raises BadInput and Unavailable, a sentence each."""
    if plan.lapse != 1:
        raise BadInput(
            f"Lapse {plan.lapse:g} needs the embedded cluster, whose control loops the harness owns; "
            f"give --lapse 1 for '{spec.context}'."
        )
    if not environ.get(spec.database_env):
        raise BadInput(f"${spec.database_env} is not set; put the DSN of the database of '{spec.context}' there.")
    path = Path(environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    cluster = _open(path, spec.context)
    for name, url in (("Prometheus", f"{spec.prometheus}/-/ready"), ("Alertmanager", f"{spec.alertmanager}/-/ready")):
        _probe(name, url)
    services = {**cluster.service_urls(plan.system.namespace), **spec.services}
    return Target(
        name=spec.context,
        embedded=False,
        kubeconfig=path,
        context=spec.context,
        namespace=plan.system.namespace,
        lapse=plan.lapse,
        prometheus_url=spec.prometheus,
        alertmanager_url=spec.alertmanager,
        database_dsn=environ[spec.database_env],
        receiver_port=spec.receiver_port,
        services=services,
    )


def _open(path: Path, context: str) -> Cluster:
    try:
        known = [one["name"] for one in kubernetes.config.list_kube_config_contexts(str(path))[0]]
    except (ConfigException, OSError):
        raise BadInput(f"{path} is no kubeconfig that can be read; set KUBECONFIG to the right one.") from None
    if context not in known:
        raise BadInput(f"{path} has no context '{context}'; it has {', '.join(known)}.")
    return Cluster(path, context)


def _probe(name: str, url: str) -> None:
    try:
        answer = httpx.get(url, timeout=PROBE_SECONDS)
    except httpx.HTTPError as error:
        raise Unavailable(f"{name} does not answer at {url}: {error}; check the rehearsal's `targets`.") from None
    if answer.is_error:
        raise Unavailable(f"{name} answers {answer.status_code} at {url}; check the rehearsal's `targets`.")
