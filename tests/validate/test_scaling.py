"""What the rules about scaling share: quantities, signals, settings of triggers, promises, arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from harness.validate.arrival import arrival
from harness.validate.engine import read, validate
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Severity
from harness.validate.hpa import Step
from harness.validate.pledges import pledges
from harness.validate.promises import Prewarm, Promise, Scale
from harness.validate.quantity import quantity, written
from harness.validate.scaler import triggers_of
from harness.validate.signal import undivided, undivided_sql
from harness.validate.text import Place
from harness.validate.triggers import missing

TODAY = Settings(today=date(2026, 9, 1))
PAGE = Path("runbook.md")
SCALED = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: crm-queries-de}
spec:
  scaleTargetRef: {name: crm-queries-de}
  pollingInterval: 20
  minReplicaCount: LEAST
  maxReplicaCount: 12
  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 60}]}}}}
  triggers:
    - type: cron
      metadata: {timezone: Europe/Berlin, start: 0 6 1 9 *, end: 0 22 15 10 *, desiredReplicas: "6"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: crm-queries-de}
spec:
  selector: {matchLabels: {app: crm}}
  template:
    metadata: {labels: {app: crm}}
    spec:
      containers:
        - name: crm
          image: crm:1
          startupProbe: {initialDelaySeconds: 10, httpGet: {port: 80}}
          readinessProbe: {initialDelaySeconds: 15, periodSeconds: 5, successThreshold: 3, httpGet: {port: 80}}
"""


def estate(folder: Path, promises: Sequence[Promise], least: int = 2, text: str = SCALED) -> Estate:
    (folder / "scaled.yaml").write_text(text.replace("LEAST", str(least)))
    return Estate(read([folder]).found, promises)


def scale(line: int = 1, **values: object) -> Scale:
    headings = ("Runbook", "Oktoberfest")
    return Scale(place=Place(PAGE, line), sentence="", headings=headings, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", 0.5),
        ("2", 2),
        ("1.5Gi", 1.5 * 1024**3),
        ("128M", 128e6),
        ("1e3", 1000),
        (".5", 0.5),
        ("12 GB", None),
        ("", None),
    ],
)
def test_a_quantity_is_read_as_kubernetes_does(text: str, value: float | None) -> None:
    assert quantity(text) == value


def test_a_quantity_is_written_for_people() -> None:
    assert [written(0.5, "cpu"), written(3 * 1024**3, "memory"), written(12, "pods")] == ["0.5 CPU", "3 GiB", "12"]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("sum(rate(http_requests_total[2m]))", ""),
        ("sum(rate(http_requests_total[2m])) * 60 / 100", ""),
        ("max(rabbitmq_queue_messages_ready)", ""),
        ("avg(queue_depth)", ""),
        ("avg(http_requests_in_flight)", "an average"),
        ("sum(rate(container_cpu_usage_seconds_total[5m]))", ""),
        ("sum(kafka_consumergroup_lag)", ""),
        ("clamp_max(sum(increase(orders_total[1m])), 100) or vector(0)", ""),
        ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "a quantile"),
        ("1000 * histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "a quantile"),
        ("max(histogram_quantile(0.9, rate(x_bucket[5m])))", "a quantile"),
        ("quantile(0.9, response_time)", "a quantile"),
        ("rate(x_sum[5m]) / rate(x_count[5m])", "a mean time"),
        ("sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))", "a ratio"),
        ("1 - sum(rate(ok_total[5m])) / sum(rate(requests_total[5m]))", "a ratio"),
        ("max(time() - job_last_success_timestamp)", "an age"),
        ("max(outbox_lag_seconds)", "a time"),
        ("job:latency:p95", "a quantile"),
        ("node_memory_utilisation", "a share"),
        ("not promql (", ""),
    ],
)
def test_a_signal_that_pods_do_not_share_is_told(expression: str, why: str) -> None:
    assert undivided(expression) == why


def test_ages_and_averages_of_a_database_are_told_but_counts_are_not() -> None:
    assert undivided_sql("SELECT extract(epoch FROM now() - min(at)) FROM outbox") == "an age"
    assert undivided_sql("SELECT AVG(duration) FROM jobs") == "an average"
    assert undivided_sql("SELECT count(*) FROM outbox WHERE extract(epoch FROM now() - at) > 5") == ""


@pytest.mark.parametrize(
    ("trigger", "lacks"),
    [
        ("{type: redis, metadata: {hosts: a, ports: b, listName: c}}", []),
        ("{type: redis, metadata: {address: a}}", ["listName"]),
        ("{type: aws-sqs-queue, metadata: {queueURL: a}}", ["awsRegion"]),
        ("{type: aws-sqs-queue, metadata: {queueURL: a}, authenticationRef: {name: b}}", []),
        ("{type: azure-queue, metadata: {connectionFromEnv: A, queueName: b}}", []),
        ("{type: kubernetes-workload, metadata: {value: '1'}}", ["podSelector"]),
        ("{type: mysql, metadata: {query: a, host: b}}", ["queryValue"]),
        ("{type: of-tomorrow, metadata: {}}", []),
    ],
)
def test_a_trigger_lacks_what_its_scaler_needs(tmp_path: Path, trigger: str, lacks: list[str]) -> None:
    text = f"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: a}}\nspec: {{triggers: [{trigger}]}}\n"
    [thing] = estate(tmp_path, [], text=text).things("ScaledObject")
    assert list(missing(triggers_of(thing)[0])) == lacks


def test_a_deadline_of_the_section_is_for_every_step_in_it(tmp_path: Path) -> None:
    step = scale(component="queries", territory="DE", usual=2, wanted=6)
    deadline = scale(2, within=timedelta(minutes=10), cause="window")
    back = scale(3, within=timedelta(minutes=15), cause="window", down=True)
    elsewhere = Scale(
        place=Place(PAGE, 9), sentence="", headings=("Runbook", "Spargel"), within=timedelta(minutes=1), cause="window"
    )
    found = pledges(estate(tmp_path, [step, deadline, back, elsewhere]))
    assert [(one.start, one.goal, one.within, one.down) for one in found] == [
        (2, 6, timedelta(minutes=10), False),
        (6, 2, timedelta(minutes=15), True),
    ]
    assert {one.confidence for one in found} == {Confidence.LIKELY}


def test_words_that_fit_several_workloads_are_about_none(tmp_path: Path) -> None:
    both = SCALED + "---" + SCALED.replace("crm-queries-de", "crm-queries-at")
    promised = [scale(component="queries", wanted=6), scale(component="queries", territory="AT", wanted=3)]
    found = pledges(estate(tmp_path, promised, text=both))
    assert [(one.scaler.name, one.goal) for one in found] == [("crm-queries-at", 3)]


@pytest.mark.parametrize(
    ("least", "promise", "path", "most"),
    [
        pytest.param(2, scale(workload="crm-queries-de", wanted=6), (Step(0, 4), Step(60, 6)), 60 + 25, id="by policy"),
        pytest.param(0, scale(workload="crm-queries-de", wanted=3), (Step(0, 1), Step(0, 3)), 25, id="KEDA goes first"),
        pytest.param(2, scale(workload="crm-queries-de", wanted=2, down=True), (Step(285, 2),), 285, id="down"),
    ],
)
def test_pods_arrive_no_sooner(tmp_path: Path, least: int, promise: Scale, path: tuple[Step, ...], most: float) -> None:
    read_ = estate(tmp_path, [promise], least)
    soon = arrival(pledges(read_)[0], read_, TODAY)
    assert (soon.path, soon.least, soon.reached) == (path, most, True)


def test_warming_that_the_runbook_knows_counts(tmp_path: Path) -> None:
    promise = scale(workload="crm-queries-de", wanted=4)
    warm = Prewarm(place=Place(PAGE, 4), sentence="", workload="crm-queries-de", takes=timedelta(seconds=90))
    read_ = estate(tmp_path, [promise, warm])
    assert arrival(pledges(read_)[0], read_, TODAY).least == 90


def test_only_what_is_impossible_is_more_than_a_hint(tmp_path: Path) -> None:
    def severity(within: int) -> list[Severity]:
        promise = scale(
            workload="crm-queries-de", wanted=6, within=timedelta(seconds=within), confidence=Confidence.CERTAIN
        )
        found = validate(estate(tmp_path, [promise]), TODAY).findings
        return [one.severity for one in found if one.rule == "SC015"]

    assert severity(84) == [Severity.ERROR]
    assert severity(86) == [Severity.INFO]
    assert severity(90) == []


@pytest.mark.parametrize(("where", "wanted"), [("k8s", Severity.WARNING), ("examples", Severity.INFO)])
def test_two_scalers_in_a_folder_of_samples_are_a_hint(tmp_path: Path, where: str, wanted: Severity) -> None:
    (tmp_path / where).mkdir()
    for name in ("by-cpu", "by-queue"):
        (tmp_path / where / f"{name}.yaml").write_text(
            f"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: {name}}}\n"
            "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}}\n"
        )
    found = [one for one in validate(read([tmp_path]), TODAY).findings if one.rule == "SC010"]
    assert [one.severity for one in found] == [wanted]
