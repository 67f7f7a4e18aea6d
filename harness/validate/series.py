"""What the name of a metric says by the conventions of Prometheus: counter or gauge, its unit, the values it can have.

Source: https://prometheus.io/docs/practices/naming/ and the metrics of kube-state-metrics, node-exporter and the exporters
for PostgreSQL, as far as they keep to other words.
"""

from __future__ import annotations

import re
from functools import cache

SWITCHES = frozenset({"up", "probe_success"})
"""Metrics that are 0 or 1 and nothing else."""

RATIOS = frozenset({"pg_notification_queue_usage"})
"""Metrics that are 0..1 although their names do not end in `_ratio`."""

_SWITCH = re.compile(
    r"_up$|_status_condition$|_status_phase$|_status_ready$|_status_scheduled$|_spec_unschedulable$|_spec_paused$|_is_leader$"
)
_UNITS = (
    ("s", re.compile(r"_seconds$")),
    ("ms", re.compile(r"_(?:milliseconds|millis|msec|ms)$")),
    ("us", re.compile(r"_(?:microseconds|micros|us)$")),
    ("ns", re.compile(r"_(?:nanoseconds|nanos|ns)$")),
    ("bytes", re.compile(r"_bytes$")),
    ("percent", re.compile(r"_(?:percent|percentage|pct)$")),
    ("ratio", re.compile(r"_ratio$")),
)
_COUNTER = re.compile(r"_total$|_count$|_bucket$|_sum$")
_GAUGE = re.compile(
    r"_(?:bytes|ratio|percent|percentage|pct|celsius|volts|info|usage|utilization|temperature|size|depth|length|lag|"
    r"timestamp_seconds|time_seconds|age_seconds|lag_seconds|uptime_seconds|capacity|limit|available|free|current|active|idle|"
    r"connected|connections|replicas|ready|pending|running|state|status|queue_depth|queue_size|goroutines|threads)$"
)
_GAUGES = frozenset({"up", "probe_success", "go_goroutines", "process_resident_memory_bytes", "process_open_fds"})
# Counters whose names look like gauges; they come before the conventions.
_COUNTERS = frozenset(
    {
        "node_disk_read_time_seconds", "node_intr", "node_context_switches", "node_forks", "process_cpu_seconds",
        "pg_stat_bgwriter_checkpoint_write_time", "pg_stat_bgwriter_checkpoint_sync_time", "redis_keyspace_hits",
    }
)  # fmt: skip
_COUNTING_PREFIX = re.compile(
    r"^(?:pg_stat_(?:database|bgwriter|user_tables|archiver|statements|checkpointer)|mysql_global_status|node_netstat|"
    r"node_vmstat|node_network|node_disk|windows_|elasticsearch_indices|rabbitmq_|nginx_|haproxy_|envoy_|ifHC|if|snmp_|"
    r"aws_|stackdriver_|azure_|cassandra_|kafka_|jvm_gc_|cloudwatch_|rocketmq_|zookeeper_|pgbouncer_|memcached_|consul_|"
    r"DCGM_|istio_|traefik_|solr_|hadoop_|vm_)"
)
"""Exporters that hand on foreign numbers under foreign names: what they count cannot be told from the name."""

_RISING = re.compile(r"(?:^|_)(?:txid|xid|xlog|lsn|position|offset|sequence)(?:_|$)")
"""Places in a log and numbers of transactions: they only rise, whatever the name ends in."""

_BASE = re.compile(r"_(?:total|count|bucket|sum)$")


@cache
def unit(name: str) -> str:
    """s, ms, us, ns, bytes, percent, ratio, or '' by the name's end; a counter's unit is that of what it counts."""
    if name in RATIOS:
        return "ratio"
    base = _BASE.sub("", name.rsplit(":", 1)[0] if name.count(":") == 2 else name)
    return next((word for word, pattern in _UNITS if pattern.search(base)), "")


@cache
def is_counter(name: str) -> bool:
    """Whether the name says counter: `_total`, or the parts of a histogram or summary."""
    return ":" not in name and (bool(_COUNTER.search(name)) or name in _COUNTERS) and not name.startswith("kube_")


@cache
def is_gauge(name: str) -> bool:
    """Whether the name says gauge, and no exporter is known that means a counter by it."""
    if ":" in name or not name or _COUNTER.search(name) or name in _COUNTERS:
        return False
    if name in _GAUGES:
        return True
    return bool(_GAUGE.search(name)) and not _COUNTING_PREFIX.match(name) and not _RISING.search(name)


@cache
def is_switch(name: str) -> bool:
    """Whether the metric is 0 or 1."""
    return name in SWITCHES or bool(_SWITCH.search(name))


@cache
def is_constant_one(name: str) -> bool:
    """Whether the metric is always 1: `_info` metrics, and alerts that fire."""
    return name == "ALERTS" or name.endswith("_info")
