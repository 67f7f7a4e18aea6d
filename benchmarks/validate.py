"""How long `rehearse validate` takes, and its memory: 300 files, 2,000 rules, 500 ScaledObjects, a year. Prints JSON.

    python benchmarks/validate.py [--runs 3] [--keep FOLDER]

Each run is a process of its own, as people start it; the cost of each rule is measured in one more. SQL is read but not
applied to a database: starting PostgreSQL is not what is measured here.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET_SECONDS = 5.0
TARGET_MEGABYTES = 500.0
TARGET_HELP_SECONDS = 0.3
COUNTRIES = ("DE", "CH", "AT")
ZONES = {"DE": "Europe/Berlin", "CH": "Europe/Zurich", "AT": "Europe/Vienna"}


def write(folder: Path) -> None:
    """300 files: 100 of 20 rules, 100 of 5 workloads with their ScaledObjects, 60 runbooks, 39 of SQL, one Alertmanager."""
    for number in range(100):
        (folder / f"rules-{number:03}.yaml").write_text("\n".join(rules(number)) + "\n")
        (folder / f"workloads-{number:03}.yaml").write_text("---\n".join(workload(number * 5 + one) for one in range(5)))
    for number in range(60):
        (folder / f"runbook-{number:03}.md").write_text(runbook(number))
    for number in range(39):
        (folder / f"{number:03}.sql").write_text(sql(number))
    (folder / "alertmanager.yaml").write_text(
        "route: {receiver: on-call, group_wait: 10s}\nreceivers:\n  - name: on-call\n    webhook_configs:\n      - url: http://x/\n"
    )


def rules(number: int) -> Iterator[str]:
    """Alerts on latency, errors and lag with their runbook, and recording rules, five of each."""
    yield from ("groups:", f"  - name: group-{number}", "    interval: 30s", "    rules:")
    for one in range(5):
        app = f"shop-{number * 5 + one:03}"
        series = f'http_server_requests_seconds_bucket{{app="{app}"}}'
        total = f'http_server_requests_seconds_count{{app="{app}"}}'
        bad = f'http_server_requests_seconds_count{{app="{app}",status=~"5.."}}'
        page = f"runbook-{number % 60:03}.md"
        for name, expression in (
            ("LatencyHigh", f"histogram_quantile(0.95, sum by (le) (rate({series}[5m]))) > 0.{3 + one}"),
            ("ErrorsHigh", f"sum(rate({bad}[5m])) / sum(rate({total}[5m])) > 0.02"),
            ("LagHigh", f'max by (queue) (outbox_lag_seconds{{app="{app}"}}) > {60 + one}'),
        ):
            yield f"      - alert: {app.title().replace('-', '')}{name}"
            yield f"        expr: {expression}"
            yield "        for: 2m"
            yield "        labels: {severity: warning}"
            yield "        annotations:"
            yield f"          summary: '{{{{ $labels.app }}}} of {app}'"
            yield f"          runbook_url: {page}#when-it-is-slow"
        yield f"      - record: app:requests:rate5m_{number}_{one}"
        yield f"        expr: sum by (app) (rate({total}[5m]))"


def workload(number: int) -> str:
    """A Deployment and its ScaledObject: three seasons by cron, and the load."""
    country = COUNTRIES[number % 3]
    name = f"shop-{number:03}"
    crons = [
        (f"0 6 {1 + number % 20} 9 *", "0 22 15 10 *", 4),
        ("30 5 1 4 *", "0 22 24 6 *", 3),
        ("0 6 15 11 *", "0 22 23 12 *", 5),
    ]
    triggers = "".join(
        f"    - type: cron\n      metadata:\n        timezone: {ZONES[country]}\n"
        f"        start: {start}\n        end: {end}\n"
        f'        desiredReplicas: "{pods}"\n'
        for start, end, pods in crons
    )
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}, territory: {country}}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}, territory: {country}}}}}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: main
          image: example.org/shop:1
          resources: {{requests: {{cpu: 100m, memory: 128Mi}}, limits: {{memory: 256Mi}}}}
          readinessProbe: {{httpGet: {{path: /ready, port: 8080}}}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: {name}, namespace: shop}}
spec:
  scaleTargetRef: {{name: {name}}}
  minReplicaCount: 1
  maxReplicaCount: 10
  triggers:
{triggers}    - type: prometheus
      metadata:
        serverAddress: http://prometheus:9090
        query: sum(rate(http_server_requests_seconds_count{{app="{name}"}}[1m]))
        threshold: "50"
"""


def runbook(number: int) -> str:
    """A season's page with dates, a table of limits, steps and commands."""
    name = f"shop-{number:03}"
    camel = name.title().replace("-", "")
    return f"""\
# Runbook {name}

The season lasts from {1 + number % 20} September to 15 October.
p95 of the queries stays under {300 + 100 * (number % 5)} ms.

| workload | usual | season |
|---|---|---|
| {name} | 1 | 4 |

## When it is slow

{camel}LatencyHigh fires when p95 is over {300 + 100 * (number % 5)} ms for 2 min. Owner: team shop.

1. Look: `kubectl -n shop get deployment {name}`
2. Add pods: `kubectl -n shop scale deployment/{name} --replicas=6`. Rollback: scale to 1.

```sh
kubectl -n shop logs deployment/{name} --tail=50
```

## When the lag grows

Messages wait less than 60 s. See [slow](#when-it-is-slow).
"""


def sql(number: int) -> str:
    """A table with its index, and a function that notifies."""
    return f"""\
CREATE TABLE IF NOT EXISTS journal_{number} (id bigserial PRIMARY KEY, payload jsonb NOT NULL, dispatched_at timestamptz);
CREATE INDEX IF NOT EXISTS journal_{number}_pending ON journal_{number} (id) WHERE dispatched_at IS NULL;
CREATE OR REPLACE FUNCTION tell_{number}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('events_{number}', NEW.id::text);
  RETURN NEW;
END $$;
"""


def measure(folder: Path) -> dict[str, Any]:
    """One run as people start it."""
    command = [sys.executable, "-m", "harness.cli.main", "validate", ".", "--no-db", "--format", "json", "--year", "2027"]
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begun
    told = json.loads(output)
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "rss_megabytes": round(usage.ru_maxrss / 1024),
        "findings": len(told["findings"]),
        "files": told["summary"]["files"],
        "exit_code": child.returncode,
    }


def per_rule(folder: Path) -> dict[str, Any]:
    """Reading, and each rule, in milliseconds."""
    script = (
        "import gc, json, time; gc.disable(); from datetime import date; from pathlib import Path\n"
        "from harness.validate.engine import read, validate; from harness.validate.estate import Settings\n"
        "from harness.validate.registry import rules; rules(); a = time.perf_counter(); estate = read([Path()])\n"
        "b = time.perf_counter(); made = validate(estate, Settings(today=date(2026, 9, 1), year=2027, database=False))\n"
        "print(json.dumps({'read': b - a, 'check': time.perf_counter() - b, 'rules': dict(made.seconds),\n"
        "'rule_count': len(estate.found.rules), 'scalers': len(estate.things('ScaledObject'))}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    told["rules"] = {id_: round(1000 * took, 1) for id_, took in sorted(told["rules"].items(), key=lambda pair: -pair[1])}
    return dict(told)


def help_seconds(command: list[str]) -> float:
    """The quickest of five: what the start costs when nothing else runs."""
    took = []
    for _ in range(5):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "harness.cli.main", *command], stdout=subprocess.DEVNULL, check=True)
        took.append(time.monotonic() - begun)
    return min(took)


def row(figure: str, values: list[float], unit: str, target: float | None) -> dict[str, Any]:
    """A line of the table in docs/performance.md."""
    middle = statistics.median(values)
    return {
        "figure": figure,
        "target": f"< {target:g} {unit}" if target else "",
        "measured": f"{middle:.3g} {unit}",
        "spread": f"{min(values):.3g} to {max(values):.3g} {unit}",
        "met": middle < target if target else None,
    }


def main() -> int:
    """Exit code 0 when the targets are met, 1 when not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generalprobe-benchmark-") as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write(folder)
        runs = [measure(folder) for _ in range(given.runs)]
        costs = per_rule(folder)
    starts = [help_seconds(["--help"]), help_seconds(["validate", "--help"])]
    dearest = list(costs["rules"].items())[:8]
    table = [
        row("300 files, 2,000 rules, 500 ScaledObjects, one year", [run["seconds"] for run in runs], "s", TARGET_SECONDS),
        row("processor time of it", [run["cpu_seconds"] for run in runs], "s", None),
        row("largest memory", [run["rss_megabytes"] for run in runs], "MB", TARGET_MEGABYTES),
        row("reading alone", [costs["read"]], "s", None),
        row(f"all {len(costs['rules'])} rules", [costs["check"]], "s", None),
        row("`rehearse --help`", [starts[0]], "s", TARGET_HELP_SECONDS),
        row("`rehearse validate --help`", [starts[1]], "s", TARGET_HELP_SECONDS),
        *(row(f"rule {id_}", [took], "ms", None) for id_, took in dearest),
    ]
    met = all(one["met"] is not False for one in table)
    about = "The whole command on artefacts made for it, without a database; below, reading and the dearest rules."
    print(json.dumps({"about": about, "met": met, "runs": runs, "costs": costs, "table": table}, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
