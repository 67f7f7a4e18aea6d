"""The embedded cluster as a target: started when it does not run, with the system staged on it under lapse."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from psycopg.conninfo import make_conninfo

from harness.errors import Unavailable
from harness.plan.controls import scaling_of
from harness.plan.lapse import lapsed_alertmanager, lapsed_manifests, lapsed_rules
from harness.plan.model import Plan
from harness.plan.promql import Scaling
from harness.plan.shift import shut
from harness.source import Located, load_yaml
from harness.stack import build, cluster, process
from harness.stack.parts import part
from harness.stack.progress import Progress
from harness.stack.state import ClusterState
from harness.stage.chart import Manifest, render
from harness.stage.database import apply_sql
from harness.stage.notifications import redirected
from harness.stage.objects import Cluster
from harness.target.base import Target

READY_SECONDS = 180.0
STAGING = timedelta(minutes=30)
DATABASE_SECRET = "crm-database"

Say = Callable[[str], None]


def bring_up(plan: Plan, name: str, keep: bool, bin_dir: Path | None, progress: Progress) -> tuple[ClusterState, bool]:
    """The cluster of that name with the plan's lapse, started when it does not run. Whether this run started it.

    A cluster started for a run ends with the runner, even when that is killed, unless it shall be kept.
    """
    running = name in cluster.names() and _runs(name)
    options = cluster.Options(
        name=name,
        lapse=plan.lapse,
        controls=plan.controls,
        images=[Path(path) for path in plan.system.images],
        backoff_base_seconds=max(0.5, 10 / plan.lapse),
        bin_dir=bin_dir,
        owner=None if keep else process.record("runner", os.getpid()),
    )
    return cluster.up(options, progress), not running


def _runs(name: str) -> bool:
    try:
        cluster.read(name)
    except Unavailable:
        return False
    return True


def address(plan: Plan, state: ClusterState) -> Target:
    """The cluster as a target whose namespace is open for rehearsals; its Services are not known yet."""
    Cluster(state.kubeconfig, state.context).open_namespace(plan.system.namespace)
    return Target(
        name=state.name,
        embedded=True,
        kubeconfig=state.kubeconfig,
        context=state.context,
        namespace=plan.system.namespace,
        lapse=plan.lapse,
        prometheus_url=state.prometheus_url,
        alertmanager_url=state.alertmanager_url,
        database_dsn=make_conninfo(state.secrets.postgres_admin_dsn, dbname=state.secrets.app_database),
        receiver_port=free_port(),
    )


def stage(plan: Plan, state: ClusterState, target: Target, bin_dir: Path | None, progress: Progress, say: Say) -> Target:
    """Deploy the plan's system and wait until every pod is ready. Raises BadInput and Unavailable."""
    system, secrets = plan.system, state.secrets
    api = Cluster(state.kubeconfig, state.context)
    cluster.set_images(state, [Path(path) for path in system.images])
    if system.sql:
        applied = apply_sql(secrets.app_dsn, [Path(path) for path in system.sql])
        say(f"{len(applied)} SQL files applied")
    scaling = scaling_of(plan.controls, plan.lapse)
    cluster.reload_prometheus(state, _rules(plan, scaling))
    if system.alertmanager:
        located = load_yaml(Path(system.alertmanager))
        routes = Located(located.path, redirected(located.value, target.receiver_port), located.lines)
        cluster.reload_alertmanager(state, yaml.safe_dump(lapsed_alertmanager(routes, scaling).value, sort_keys=False))
    database = {
        "url": f"jdbc:postgresql://{secrets.app_host}:{secrets.app_port}/{secrets.app_database}",
        "user": secrets.app_user,
        "password": secrets.app_password,
    }
    api.put_secret(system.namespace, DATABASE_SECRET, database)
    if system.chart:
        manifests = _manifests(plan, state, scaling, bin_dir, progress)
        api.apply(manifests, system.namespace)
        say(f"{len(manifests)} objects of {Path(system.chart).name} applied")
        if any(manifest["kind"] == "ScaledObject" for manifest in manifests):
            api.wait_scaledobjects(system.namespace, READY_SECONDS)
    api.wait_ready(system.namespace, READY_SECONDS, lambda text: progress.moved("stage", system.namespace, text))
    return target.model_copy(update={"services": api.service_urls(system.namespace)})


def _manifests(
    plan: Plan, state: ClusterState, scaling: Scaling, bin_dir: Path | None, progress: Progress
) -> list[Manifest]:
    helm = build.provide([part("helm")], bin_dir, progress)["helm"]
    given: dict[str, Any] = {
        "prometheus": {"serverAddress": state.prometheus_url},
        "database": {"secretName": DATABASE_SECRET},
    }
    values = merged(given, plan.system.values)
    rendered = render(helm, Path(str(plan.system.chart)), plan.system.namespace, values)
    return [_before_the_season(manifest, plan.duration) for manifest in lapsed_manifests(rendered, scaling).value]


def _before_the_season(manifest: Manifest, seconds: float) -> Manifest:
    """A ScaledObject whose windows are all shut now: a rehearsal begins on an ordinary day, whatever the date is."""
    if manifest["kind"] != "ScaledObject":
        return manifest
    now = datetime.now(UTC)
    triggers = shut(manifest["spec"].get("triggers") or [], now, now + timedelta(seconds=seconds) + STAGING)
    return {**manifest, "spec": {**manifest["spec"], "triggers": triggers}}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Helm values put together as helm does it: mappings key by key, everything else replaced by `above`."""
    result = dict(below)
    for key, value in above.items():
        before = result.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        result[key] = merged(before, value) if both else value  # type: ignore[arg-type]
    return result


def _rules(plan: Plan, scaling: Scaling) -> dict[str, str]:
    lapsed = {path: lapsed_rules(load_yaml(Path(path)), scaling, plan.unscaled_for).value for path in plan.system.rules}
    return {Path(path).stem: yaml.safe_dump(rules, sort_keys=False) for path, rules in lapsed.items()}


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
