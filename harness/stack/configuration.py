"""The configuration files of Prometheus, Alertmanager and Caddy, as values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harness.plan.model import Controls

_POD = "__meta_kubernetes_pod"

_POD_RELABELING: list[dict[str, Any]] = [
    {"source_labels": [f"{_POD}_annotation_prometheus_io_scrape"], "action": "keep", "regex": "true"},
    {"source_labels": [f"{_POD}_phase"], "action": "keep", "regex": "Running"},
    {
        "source_labels": [f"{_POD}_ip", f"{_POD}_annotation_prometheus_io_port"],
        "regex": r"(.+);(\d+)",
        "replacement": "$1:$2",
        "target_label": "__address__",
    },
    {
        "source_labels": [f"{_POD}_annotation_prometheus_io_path"],
        "regex": "(.+)",
        "target_label": "__metrics_path__",
    },
    {
        "source_labels": [f"{_POD}_annotation_prometheus_io_scheme"],
        "regex": "(https?)",
        "target_label": "__scheme__",
    },
    {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
    {"source_labels": [f"{_POD}_name"], "target_label": "pod"},
    {"source_labels": [f"{_POD}_label_app_kubernetes_io_name"], "target_label": "workload"},
    {"source_labels": [f"{_POD}_label_territory"], "regex": "(.+)", "target_label": "territory"},
]


def go_duration(seconds: float) -> str:
    """As Go's flag parser and Prometheus read it: whole milliseconds, `1s250ms` never `1.25s`."""
    whole, rest = divmod(round(seconds * 1000), 1000)
    if not rest:
        return f"{whole}s"
    return (f"{whole}s" if whole else "") + f"{rest}ms"


def prometheus_config(controls: Controls, kubeconfig: Path, folder: Path, ports: dict[str, int]) -> str:
    """prometheus.yml. Rules come from `folder`/rules, further scrapes from `folder`/scrape; both may be empty."""

    def fixed(job: str, port: str, **more: Any) -> dict[str, Any]:
        return {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{ports[port]}"]}], **more}

    interval = go_duration(controls.scrape_interval)
    config = {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": go_duration(controls.evaluation_interval),
        },
        "rule_files": [str(folder / "rules" / "*.yaml")],
        "scrape_config_files": [str(folder / "scrape" / "*.yaml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{ports['alertmanager']}"]}]}]},
        "scrape_configs": [
            {
                "job_name": "pods",
                # Prometheus 3 refuses answers without a Content-Type otherwise.
                "fallback_scrape_protocol": "PrometheusText0.0.4",
                "kubernetes_sd_configs": [{"role": "pod", "kubeconfig_file": str(kubeconfig)}],
                "relabel_configs": _POD_RELABELING,
            },
            # Its series carry their own namespace and pod.
            fixed("kube-state-metrics", "state-metrics", honor_labels=True),
            fixed("keda-operator", "keda-operator-metrics"),
        ],
    }
    return yaml.safe_dump(config, sort_keys=False)


def alertmanager_config() -> str:
    """An Alertmanager that takes alerts and tells nobody, until a rehearsal brings its own configuration."""
    return yaml.safe_dump({"route": {"receiver": "nobody", "group_by": ["..."]}, "receivers": [{"name": "nobody"}]})


def caddy_base_config(admin_port: int) -> dict[str, Any]:
    """Caddy with its admin interface and no Service yet."""
    return {
        "admin": {"listen": f"127.0.0.1:{admin_port}", "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "WARN"}}},
        "apps": {"http": {"grace_period": "30s", "servers": {}}},
    }
