"""The control constants of the cluster that lapse changes, and a place to say what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from harness.plan.model import Constant, Controls
from harness.plan.promql import Scaling

Value = TypeVar("Value")

FLOOR_SECONDS = 0.1
"""No control loop keeps up with less."""

_OWNERS = {
    "scrape_interval": ("Prometheus", "scrape interval"),
    "evaluation_interval": ("Prometheus", "evaluation interval"),
    "hpa_sync_period": ("HPA", "sync period"),
    "hpa_downscale_stabilization": ("HPA", "downscale stabilization"),
    "hpa_cpu_initialization_period": ("HPA", "CPU initialization period"),
    "hpa_initial_readiness_delay": ("HPA", "initial readiness delay"),
    "keda_polling_interval": ("KEDA", "polling interval by default"),
    "keda_cooldown_period": ("KEDA", "cooldown period by default"),
}


@dataclass(frozen=True, slots=True)
class Lapsed(Generic[Value]):
    """A value under lapse, and the constants that changed in it."""

    value: Value
    constants: tuple[Constant, ...] = ()


@dataclass(slots=True)
class Ledger:
    """Collects constants while one artefact is rewritten."""

    owner: str
    factor: float
    entries: list[Constant] = field(default_factory=list)

    def note(self, name: str, original: timedelta | float, scaled: timedelta | float, why: str = "") -> None:
        """Add one constant; durations or seconds."""
        self.entries.append(
            Constant(owner=self.owner, name=name, original=_seconds(original), scaled=_seconds(scaled), why=why)
        )

    def whole_seconds(self, name: str, original: int | float) -> int:
        """A constant that Kubernetes keeps as whole seconds: divided, rounded, never below 1 unless it was 0."""
        if not original:
            return 0
        exact = original / self.factor
        scaled = max(1, round(exact))
        self.note(name, original, scaled, "" if scaled == exact else f"whole seconds only, {exact:g}s wanted")
        return scaled


def lapsed_controls(controls: Controls, factor: float) -> Lapsed[Controls]:
    """Each control constant of the cluster divided by the lapse, never below a tenth of a second."""
    if factor == 1:
        return Lapsed(controls)
    changed: dict[str, float] = {}
    constants = []
    for name, original in controls:
        exact = original / factor
        changed[name] = max(exact, min(FLOOR_SECONDS, original))
        owner, label = _OWNERS[name]
        why = "" if changed[name] == exact else "no control loop keeps up with less"
        constants.append(Constant(owner=owner, name=label, original=original, scaled=changed[name], why=why))
    return Lapsed(Controls(**changed), tuple(constants))


def scaling_of(controls: Controls, factor: float) -> Scaling:
    """How PromQL changes, given the scrape interval of the cluster under this lapse."""
    scaled = lapsed_controls(controls, factor).value
    return Scaling(factor, timedelta(seconds=scaled.scrape_interval))


def _seconds(duration: timedelta | float) -> float:
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
