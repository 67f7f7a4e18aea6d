"""The control constants the harness owns, and what lapse does to them."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from harness.units import Duration, format_duration

_SECOND = timedelta(seconds=1)


class Constants(BaseModel):
    """Every interval a control loop waits. The defaults are those of production; see each part's documentation.

    HPA: kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale. Nodes:
    kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scrape_interval: Duration = 15 * _SECOND
    evaluation_interval: Duration = 15 * _SECOND
    hpa_sync_period: Duration = 15 * _SECOND
    hpa_downscale_stabilization: Duration = 300 * _SECOND
    hpa_cpu_initialization_period: Duration = 300 * _SECOND
    hpa_initial_readiness_delay: Duration = 30 * _SECOND
    keda_polling_interval: Duration = 30 * _SECOND
    keda_cooldown_period: Duration = 300 * _SECOND

    def lapsed(self, lapse: float) -> Constants:
        """Each constant divided by `lapse`, but never below a tenth of a second, which no control loop keeps up with."""
        floor = timedelta(milliseconds=100)
        return Constants(**{name: max(value / lapse, floor) for name, value in self})


def go_duration(duration: timedelta) -> str:
    """As Go's flag parser and Prometheus read it: whole milliseconds, `1s250ms` never `1.25s`."""
    milliseconds = round(duration.total_seconds() * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    if not rest:
        return format_duration(timedelta(seconds=seconds))
    return (f"{seconds}s" if seconds else "") + f"{rest}ms"
