"""Delays between tries: restarts of containers, image lookups, API calls."""

from __future__ import annotations

from dataclasses import dataclass, replace

CEILING_FACTOR = 30
"""10 s grow to 300 s, as the kubelet's CrashLoopBackOff does."""
FORGET_FACTOR = 60
"""A container that ran for 600 s is counted as healthy again."""


@dataclass(frozen=True)
class RestartBackoff:
    """Restart delays of one container: none for the first restart, then ``base`` doubling up to 30 times ``base``.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
    """

    base: float
    restarts: int = 0

    def after_run(self, ran_for: float) -> tuple[float, RestartBackoff]:
        """Seconds to wait after a run of ``ran_for`` seconds, and the state for the next run."""
        counted = 0 if ran_for >= self.base * FORGET_FACTOR else self.restarts
        return doubling(self.base, counted), replace(self, restarts=counted + 1)


def doubling(base: float, tries: int, factor: int = CEILING_FACTOR) -> float:
    """0 before any try, then base, 2 base, 4 base ... up to ``factor`` times base (all in the unit of base)."""
    if tries <= 0:
        return 0.0
    return float(min(base * 2 ** min(tries - 1, 32), base * factor))
