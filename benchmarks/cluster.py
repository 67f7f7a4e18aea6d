"""How long the embedded cluster takes from `rehearse up` to a ScaledObject KEDA has taken in charge, and its memory then.

    python benchmarks/cluster.py [--runs 3] [--bin-dir FOLDER]

Prints JSON. The parts are built first and not counted: that happens once per machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from harness.stack import cluster, health, process

TARGET_SECONDS = 12.0
TARGET_MEGABYTES = 1200.0
NAME = "benchmark"
OBJECT: dict[str, Any] = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "proof"},
    "spec": {
        "scaleTargetRef": {"name": "proof"},
        "triggers": [
            {
                "type": "cron",
                "metadata": {
                    "timezone": "Europe/Berlin",
                    "start": "0 0 * * *",
                    "end": "59 23 * * *",
                    "desiredReplicas": "2",
                },
            }
        ],
    },
}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "proof"},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "proof"}},
        "template": {"metadata": {"labels": {"app": "proof"}}, "spec": {"containers": [{"name": "main", "image": "none"}]}},
    },
}


def measure(environ: dict[str, str], bin_dir: str | None) -> dict[str, Any]:
    """One start, from the command to the autoscaler that KEDA made for a ScaledObject."""
    given = ["--bin-dir", bin_dir] if bin_dir else []
    began = time.monotonic()
    start([sys.executable, "-m", "harness.cli.main", "up", "--name", NAME, *given], environ)
    up = time.monotonic() - began
    state = cluster.read(NAME)
    pki = state.folder / "pki"
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    with httpx.Client(base_url=state.api_url, verify=context, trust_env=False) as api:
        api.post("/apis/apps/v1/namespaces/default/deployments", json=DEPLOYMENT).raise_for_status()
        api.post("/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects", json=OBJECT).raise_for_status()
        accepted = time.monotonic() - began
        while api.get("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/keda-hpa-proof").is_error:
            time.sleep(0.02)
        in_charge = time.monotonic() - began
    report = health.inspect(NAME)
    shared = sum(
        proportional_bytes(pid) for part in report.parts if part.pid for pid in members(part.name, part.pid, process)
    )
    return {
        "up_seconds": round(up, 2),
        "scaled_object_accepted_seconds": round(accepted, 2),
        "autoscaler_made_seconds": round(in_charge, 2),
        "rss_megabytes": round(report.rss_bytes / 2**20),
        "pss_megabytes": round(shared / 2**20),
        "parts": {
            part.name: {"ready_after_seconds": part.ready_after_seconds, "rss_megabytes": round(part.rss_bytes / 2**20)}
            for part in report.parts
        },
    }


def start(command: list[str], environ: dict[str, str]) -> None:
    """Run `rehearse up`. It is told once of a Ctrl-C and then waited for: it puts away what it had started."""
    with subprocess.Popen(command, env=environ, stdout=2, process_group=0) as child:
        try:
            code = child.wait()
        except BaseException:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half a cluster behind
            child.send_signal(signal.SIGINT)
            child.wait(60)
            raise
    if code:
        sys.exit(f"`rehearse up` ended with exit code {code}.")


def interrupt(number: int, frame: object) -> None:
    """SIGTERM is treated as Ctrl-C."""
    raise KeyboardInterrupt


def members(name: str, pid: int, process: Any) -> list[int]:
    """The processes that count for a part."""
    return [pid] if name in ("agent", "supervisor") else list(process.family(pid))


def proportional_bytes(pid: int) -> int:
    """Memory with shared pages divided among those who share them (PSS)."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def row(figure: str, runs: list[dict[str, Any]], name: str, unit: str, target: float | None) -> dict[str, Any]:
    """A line of the table in docs/performance.md."""
    values = [run[name] for run in runs]
    middle = statistics.median(values)
    return {
        "figure": figure,
        "target": f"<= {target:g} {unit}" if target else "",
        "measured": f"{middle:g} {unit}",
        "spread": f"{min(values):g} to {max(values):g} {unit}",
        "met": middle <= target if target else None,
    }


def main() -> int:
    """Exit code 0 when the targets are met, 1 when not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bin-dir")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    with tempfile.TemporaryDirectory(prefix="generalprobe-benchmark-") as folder:
        Path(folder).chmod(0o711)
        os.environ["XDG_STATE_HOME"] = folder
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        runs = []
        for _ in range(given.runs):
            try:
                runs.append(measure(environ, given.bin_dir))
            except KeyboardInterrupt:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                cluster.down(NAME)
                return 130
            finally:
                cluster.down(NAME)
    seconds = statistics.median(run["scaled_object_accepted_seconds"] for run in runs)
    megabytes = max(run["rss_megabytes"] for run in runs)
    met = seconds <= TARGET_SECONDS and megabytes <= TARGET_MEGABYTES
    result = {
        "machine": {"cores": os.cpu_count(), "platform": platform.platform(), "load_before": os.getloadavg()[0]},
        "targets": {"seconds": TARGET_SECONDS, "rss_megabytes": TARGET_MEGABYTES, "met": met},
        "median_scaled_object_accepted_seconds": seconds,
        "largest_rss_megabytes": megabytes,
        "runs": runs,
        "about": "From `rehearse up` to a ScaledObject that the API accepts, the parts built before; memory of all "
        "processes of the cluster, before the CRM starts.",
        "table": [
            row("cluster ready, ScaledObject accepted", runs, "scaled_object_accepted_seconds", "s", TARGET_SECONDS),
            row("`rehearse up` alone", runs, "up_seconds", "s", None),
            row("KEDA made the autoscaler of it", runs, "autoscaler_made_seconds", "s", None),
            row("RSS, shared pages counted in every process", runs, "rss_megabytes", "MB", TARGET_MEGABYTES),
            row("PSS, shared pages counted once", runs, "pss_megabytes", "MB", None),
        ],
    }
    print(json.dumps(result, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
