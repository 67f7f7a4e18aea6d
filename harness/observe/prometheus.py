"""What Prometheus says: a general set of series, the samples that expectations ask for, and every change of an alert.

API: prometheus.io/docs/prometheus/latest/querying/api/.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

from harness.errors import Unavailable
from harness.observe.base import Context
from harness.observe.pace import paced
from harness.observe.samplings import Asked
from harness.record.rows import Alert, Json, Sample
from harness.record.views import timestamp

EVERY = 1.0
SCRAPE_INTERVAL = 15.0
"""Production's scrape interval, seconds; a rate needs four scrapes to be more than noise."""


def general(lapse: float) -> tuple[Asked, ...]:
    """What is recorded of every run. The range of rates shrinks with lapse as the scrape interval does."""
    rate = f"{max(round(4 * SCRAPE_INTERVAL / lapse * 1000), 2000)}ms"
    buckets = f"sum by (workload, territory, le) (rate(http_server_requests_seconds_bucket[{rate}]))"
    queries = {
        "up": "sum by (workload, job) (up)",
        "replicas-desired": "kube_horizontalpodautoscaler_status_desired_replicas",
        "replicas-current": "kube_horizontalpodautoscaler_status_current_replicas",
        "latency-p95": f"histogram_quantile(0.95, {buckets})",
        "pg_notification_queue_usage": "pg_notification_queue_usage",
        "outbox_queue_depth": "outbox_queue_depth",
        "outbox_dispatch_lag_seconds": "outbox_dispatch_lag_seconds",
    }
    return tuple(Asked(f"prometheus/{name}", "promql", text, EVERY) for name, text in queries.items())


def samples(name: str, data: Json, at: float) -> list[Sample]:
    """The result of an instant query as samples. NaN is what PromQL says for "no value", so it is left out."""
    result = data["result"]
    if data["resultType"] == "scalar":
        result = [{"metric": {}, "value": result}]
    elif data["resultType"] != "vector":
        raise ValueError(f"a {data['resultType']} is no instant value")
    found = []
    for series in result:
        value = float(series["value"][1]) if "value" in series else math.nan  # a native histogram is no number
        if not math.isnan(value):
            found.append(Sample(float(series["value"][0]), name, series["metric"], value))
    return found


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert as Prometheus last told it."""

    name: str
    labels: Json
    state: str
    value: float


def alert_changes(
    before: Mapping[str, AlertState], alerts: Iterable[Json], now: float, previous: float | None
) -> tuple[list[Alert], dict[str, AlertState]]:
    """Rows for what changed since the poll at `previous` (None: the first), and the new states by their labels.

    `activeAt` is exact for the beginning: of pending, and of firing where the rule does not wait. Any other change
    counts from when it was seen.
    """
    rows: list[Alert] = []
    after: dict[str, AlertState] = {}
    for alert in alerts:
        labels = dict(alert["labels"])
        key = repr(sorted(labels.items()))
        state = AlertState(labels.get("alertname", ""), labels, alert["state"], float(alert["value"]))
        after[key] = state
        known = before.get(key)
        if known is None or known.state != state.state:
            active = timestamp(alert.get("activeAt")) or now
            at = active if known is None and (state.state == "pending" or previous is None or active > previous) else now
            rows.append(Alert(at, state.name, labels, state.state, state.value))
    for key, state in before.items():
        if key not in after:
            rows.append(Alert(now, state.name, state.labels, "inactive", state.value))
    return rows, after


class Observer:
    """Asks every second. Current while Prometheus answers; a query without a result is counted, never made up."""

    source: ClassVar[str] = "prometheus"
    patience: ClassVar[float] = 3.5

    def __init__(self) -> None:
        self._alerts: dict[str, AlertState] = {}
        self._previous: float | None = None
        self._asked: Counter[str] = Counter()
        self._empty: Counter[str] = Counter()
        self._refused: dict[str, str] = {}

    async def run(self, context: Context) -> None:
        """Ask until cancelled."""
        url = context.target.prometheus_url
        if not url:
            raise Unavailable("the target names no Prometheus")
        async with httpx.AsyncClient(
            base_url=url, timeout=3.0, limits=httpx.Limits(max_connections=6), trust_env=False
        ) as client:
            own = [asked for asked in context.asked if asked.how == "promql"]
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._general(client, context))
                    for asked in own:
                        group.create_task(self._repeat(asked, client, context))
            finally:
                await self._account(context)

    async def _general(self, client: httpx.AsyncClient, context: Context) -> None:
        queries = general(context.target.lapse)
        async for _ in paced(EVERY):
            try:
                await self._poll_alerts(client, context)
                for asked in queries:
                    await self._sample(asked, client, context)
                context.saw()
            except (httpx.HTTPError, ValueError, KeyError) as error:
                context.currency.failed(f"{type(error).__name__}: {error}")

    async def _repeat(self, asked: Asked, client: httpx.AsyncClient, context: Context) -> None:
        part = f"query {asked.name}"
        async for _ in paced(asked.every):
            try:
                await self._sample(asked, client, context)
            except (httpx.HTTPError, ValueError, KeyError) as error:
                context.currency.failed(f"{type(error).__name__}: {error}", part)

    async def _poll_alerts(self, client: httpx.AsyncClient, context: Context) -> None:
        response = await client.get("/api/v1/alerts")
        response.raise_for_status()
        now = context.clock()
        rows, self._alerts = alert_changes(self._alerts, response.json()["data"]["alerts"], now, self._previous)
        self._previous = now
        await context.write(*rows)

    async def _sample(self, asked: Asked, client: httpx.AsyncClient, context: Context) -> None:
        response = await client.post("/api/v1/query", data={"query": asked.text})
        self._asked[asked.name] += 1
        if response.status_code in (400, 422):
            # The query is wrong, not Prometheus: its samples are missing, the source is not.
            self._empty[asked.name] += 1
            await self._refuse(asked, response.json(), context)
            return
        response.raise_for_status()
        rows = samples(asked.name, response.json()["data"], context.clock())
        self._empty[asked.name] += not rows
        await context.write(*rows)

    async def _refuse(self, asked: Asked, answer: Any, context: Context) -> None:
        reason = str(answer.get("error", "refused"))
        if self._refused.get(asked.name) != reason:
            self._refused[asked.name] = reason
            await context.note("warning", f"Prometheus refuses the query '{asked.name}': {reason}")

    async def _account(self, context: Context) -> None:
        empty = [f"{name} {count} of {self._asked[name]} times" for name, count in sorted(self._empty.items()) if count]
        if empty:
            await context.note("info", f"Queries without a result: {', '.join(empty)}")
