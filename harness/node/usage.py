"""CPU time and memory of containers, from /proc of their whole process groups."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.node.leftovers import ProcessStat, all_stats

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """CPU time in seconds since the container's start, resident memory in bytes."""

    cpu_seconds: float = 0.0
    memory_bytes: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_seconds + other.cpu_seconds, self.memory_bytes + other.memory_bytes)


@dataclass(frozen=True)
class ContainerUsage:
    """The usage of one running container."""

    namespace: str
    pod: str
    container: str
    started_at: float
    usage: Usage


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def usage_by_group(groups: Iterable[int]) -> dict[int, Usage]:
    """The usage of each process group; one walk over /proc for all."""
    result = {group: Usage() for group in groups}
    for stat in all_stats():
        if stat.group in result:
            result[stat.group] += _usage_of(stat)
    return result


def _usage_of(stat: ProcessStat) -> Usage:
    return Usage(stat.cpu_ticks / TICKS_PER_SECOND, resident_bytes(stat.pid))


def never_less(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Counters by key that never fall: a process that left the group takes its CPU time with it, a counter must not."""
    return {key: max(value, before.get(key, 0.0)) for key, value in now.items()}


def exposition(containers: Iterable[ContainerUsage]) -> str:
    """The text of /metrics/resource, with the names of the kubelet's."""
    rows = list(containers)
    pods: dict[tuple[str, str], Usage] = {}
    for row in rows:
        pods[(row.namespace, row.pod)] = pods.get((row.namespace, row.pod), Usage()) + row.usage
    whole = sum(pods.values(), Usage())
    lines = _family("container_cpu_usage_seconds_total", "counter", "Cumulative CPU time of the container in seconds")
    lines += [f"container_cpu_usage_seconds_total{_labels(row)} {row.usage.cpu_seconds}" for row in rows]
    lines += _family("container_memory_working_set_bytes", "gauge", "Resident memory of the container in bytes")
    lines += [f"container_memory_working_set_bytes{_labels(row)} {row.usage.memory_bytes}" for row in rows]
    lines += _family("container_start_time_seconds", "gauge", "Start time of the container since the Unix epoch in seconds")
    lines += [f"container_start_time_seconds{_labels(row)} {row.started_at}" for row in rows]
    lines += _family("pod_cpu_usage_seconds_total", "counter", "Cumulative CPU time of the pod in seconds")
    lines += [f"pod_cpu_usage_seconds_total{_pod(*key)} {usage.cpu_seconds}" for key, usage in pods.items()]
    lines += _family("pod_memory_working_set_bytes", "gauge", "Resident memory of the pod in bytes")
    lines += [f"pod_memory_working_set_bytes{_pod(*key)} {usage.memory_bytes}" for key, usage in pods.items()]
    lines += _family("node_cpu_usage_seconds_total", "counter", "Cumulative CPU time of all running pods in seconds")
    lines += [f"node_cpu_usage_seconds_total {whole.cpu_seconds}"]
    lines += _family("node_memory_working_set_bytes", "gauge", "Resident memory of all running pods in bytes")
    lines += [f"node_memory_working_set_bytes {whole.memory_bytes}"]
    lines += _family("scrape_error", "gauge", "1 if there was an error while getting metrics")
    lines += ["scrape_error 0"]
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _labels(row: ContainerUsage) -> str:
    return f'{{container="{row.container}",namespace="{row.namespace}",pod="{row.pod}"}}'


def _pod(namespace: str, pod: str) -> str:
    return f'{{namespace="{namespace}",pod="{pod}"}}'
