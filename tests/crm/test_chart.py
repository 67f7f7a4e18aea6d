"""The chart, rendered by the real helm, and the alert rules beside it."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.crm.pods import CRM

TERRITORIES = {"de": "Europe/Berlin", "ch": "Europe/Zurich", "at": "Europe/Vienna"}
SCALED = [f"crm-{component}-{territory}" for territory in TERRITORIES for component in ("queries", "commands")]
Rendered = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="session")
def helm() -> Path:
    if on_path := shutil.which("helm"):
        return Path(on_path)
    from harness.stack.build import provide
    from harness.stack.parts import part
    from harness.stack.progress import Silent

    return provide([part("helm")], None, Silent())["helm"]


def render(helm: Path, *sets: str) -> Rendered:
    """The chart's objects by kind and name."""
    flags = [word for value in sets for word in ("--set", value)]
    command = [helm, "template", "crm", CRM / "chart", "--namespace", "crm", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    objects = [document for document in yaml.safe_load_all(done.stdout) if document]
    found = {(item["kind"], item["metadata"]["name"]): item for item in objects}
    assert len(found) == len(objects), "two objects share a kind and a name"
    return found


@pytest.fixture(scope="session")
def rendered(helm: Path) -> Rendered:
    return render(helm)


def pod_environment(deployment: dict[str, Any]) -> dict[str, Any]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def test_one_template_makes_the_workloads_of_every_territory(rendered: Rendered) -> None:
    assert Counter(kind for kind, _ in rendered) == {"Deployment": 7, "Service": 7, "ScaledObject": 6}
    assert {name for kind, name in rendered if kind == "ScaledObject"} == set(SCALED)
    templates = [file.name for file in (CRM / "chart/templates").iterdir()]
    assert sorted(templates) == ["_workload.tpl", "outbox.yaml", "territories.yaml"]


def test_a_territory_that_is_added_to_the_values_gets_the_same(helm: Path) -> None:
    added = render(
        helm,
        "territories.IT.timezone=Europe/Rome",
        *(
            f"territories.IT.{part}.{key}"
            for part in ("queries", "commands")
            for key in ("min=1", "max=2", "seasons.spargel=2")
        ),
    )
    assert ("Deployment", "crm-queries-it") in added
    assert len(added) == 20 + 6


@pytest.mark.parametrize("name", [*SCALED, "crm-outbox"])
def test_a_workload_has_the_names_and_labels_that_others_look_for(rendered: Rendered, name: str) -> None:
    deployment, service = rendered["Deployment", name], rendered["Service", name]
    template = deployment["spec"]["template"]
    _, component, *territory = name.split("-")
    labels = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": "crm",
        "app.kubernetes.io/component": component,
        **({"territory": territory[0].upper()} if territory else {}),
    }
    assert template["metadata"]["labels"] == labels
    assert template["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "8080",
        "prometheus.io/path": "/q/metrics",
    }
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["selector"].items() <= labels.items()
    assert service["spec"]["ports"] == [{"name": "http", "port": 8080, "targetPort": "http"}]
    assert deployment["metadata"]["namespace"] == service["metadata"]["namespace"] == "crm"
    assert "replicas" not in deployment["spec"]


@pytest.mark.parametrize("name", [*SCALED, "crm-outbox"])
def test_a_pod_gets_its_role_its_address_and_its_database(rendered: Rendered, name: str) -> None:
    deployment = rendered["Deployment", name]
    environment = pod_environment(deployment)
    assert environment["CRM_ROLE"] == name.split("-")[1]
    assert environment.get("CRM_TERRITORY", "").lower() == (name.split("-")[2] if name != "crm-outbox" else "")
    assert environment["QUARKUS_HTTP_HOST"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert environment["POD_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    for variable, key in (("CRM_DB_URL", "url"), ("CRM_DB_USER", "user"), ("CRM_DB_PASSWORD", "password")):
        assert environment[variable] == {"secretKeyRef": {"name": "crm-database", "key": key}}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]
    assert container["readinessProbe"]["httpGet"] == {"path": "/q/health/ready", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/q/health/live", "port": "http"}


def test_the_image_table_names_the_image_of_the_chart_and_a_program_that_is_there(rendered: Rendered) -> None:
    images = yaml.safe_load((CRM / "runnables.yaml").read_text())["images"]
    used = {
        container["image"]
        for (kind, _), item in rendered.items()
        if kind == "Deployment"
        for container in item["spec"]["template"]["spec"]["containers"]
    }
    assert used == set(images)
    for image in images.values():
        assert (CRM / image["command"][0]).is_file()


def test_what_a_user_sets_reaches_the_pods(helm: Path) -> None:
    deployment = render(
        helm,
        "image=other/crm:7",
        "database.secretName=other",
        "prewarm.enabled=false",
        "journalFallback=false",
        "queries.extraLatency=400ms",
    )["Deployment", "crm-queries-de"]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "other/crm:7"
    environment = pod_environment(deployment)
    assert environment["CRM_PREWARM_ENABLED"] == "false"
    assert environment["CRM_JOURNAL_FALLBACK"] == "false"
    assert environment["CRM_QUERIES_EXTRA_LATENCY"] == "400ms"
    assert environment["CRM_DB_URL"]["secretKeyRef"]["name"] == "other"


@pytest.mark.parametrize(
    ("name", "baseline", "oktoberfest"),
    [
        ("crm-queries-de", 2, 6),
        ("crm-commands-de", 1, 4),
        ("crm-queries-ch", 1, 2),
        ("crm-commands-ch", 1, 1),
        ("crm-queries-at", 1, 3),
        ("crm-commands-at", 1, 2),
    ],
)
def test_each_season_pre_scales_in_the_territorys_own_time(
    rendered: Rendered, name: str, baseline: int, oktoberfest: int
) -> None:
    spec = rendered["ScaledObject", name]["spec"]
    triggers = {trigger["name"]: trigger for trigger in spec["triggers"]}
    seasons = {season: triggers[season]["metadata"] for season in ("spargel", "oktoberfest", "weihnachten")}
    assert spec["minReplicaCount"] == baseline
    assert seasons["oktoberfest"]["desiredReplicas"] == str(oktoberfest)
    assert {season: (plan["start"], plan["end"]) for season, plan in seasons.items()} == {
        "spargel": ("0 6 1 3 *", "0 22 24 6 *"),
        "oktoberfest": ("0 6 1 9 *", "0 22 15 10 *"),
        "weihnachten": ("0 6 15 11 *", "0 22 24 12 *"),
    }
    assert {plan["timezone"] for plan in seasons.values()} == {TERRITORIES[name[-2:]]}
    assert spec["maxReplicaCount"] > max(int(plan["desiredReplicas"]) for plan in seasons.values())
    assert min(int(plan["desiredReplicas"]) for plan in seasons.values()) >= baseline
    assert spec["pollingInterval"] == 30
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300


@pytest.mark.parametrize("name", SCALED)
def test_the_request_rate_scales_beyond_the_plan(rendered: Rendered, name: str) -> None:
    (trigger,) = (t for t in rendered["ScaledObject", name]["spec"]["triggers"] if t["type"] == "prometheus")
    assert trigger["metricType"] == "AverageValue"
    assert f'workload="{name}"' in trigger["metadata"]["query"]
    promql_parser.parse(trigger["metadata"]["query"])


def test_a_season_that_nobody_defined_is_refused_by_name(helm: Path) -> None:
    flags = ["--set", "territories.DE.queries.seasons.fasching=3"]
    done = subprocess.run([helm, "template", "crm", CRM / "chart", *flags], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "territories.DE.queries.seasons names fasching, which seasons does not define" in done.stderr


RULES = [
    (group["interval"], rule)
    for file in sorted((CRM / "chart/rules").glob("*.yaml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
]


def test_the_alerts_that_the_runbook_counts_on_are_there() -> None:
    assert {rule["alert"] for _, rule in RULES} >= {
        "CrmQueriesLatencyHigh",
        "CrmCommandsLatencyHigh",
        "CrmErrorRateHigh",
        "CrmNotifyQueueFilling",
        "CrmOutboxLagHigh",
        "CrmPodsBelowPlan",
        "CrmListenerDown",
    }


@pytest.mark.parametrize(("interval", "rule"), RULES, ids=[rule["alert"] for _, rule in RULES])
def test_an_alert_parses_and_names_its_section_of_the_runbook(interval: str, rule: dict[str, Any]) -> None:
    promql_parser.parse(rule["expr"])
    assert interval in ("15s", "30s")
    assert rule["labels"]["team"] == "crm-oncall"
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["runbook_url"] == f"runbooks/seasonal.md#{rule['alert'].lower()}"
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["for"]
