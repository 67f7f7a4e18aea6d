"""SC024: a pod is killed before its preStop hook, or the application's own shutdown, has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import integer
from harness.validate.workload import Workload, workloads
from harness.validate.yamltree import Node

DEFAULT_GRACE = 30
SHUTDOWNS = {
    "QUARKUS_SHUTDOWN_TIMEOUT": "Quarkus",
    "SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE": "Spring Boot",
    "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE": "Spring Boot",
}
"""Variables by which an application is told how long it may take to shut down."""
_SLEEP = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?)(m?)(?=[\s;&|'\"]|s\b|$)")
_TIME = re.compile(r"(?:PT)?(\d+)\s*([smSM]?)")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """preStop + own shutdown against terminationGracePeriodSeconds (30 where it is left out), which counts both."""
    for found in workloads(estate).values():
        for workload in found:
            for container in workload.containers:
                yield from _container(workload, container)


def _container(workload: Workload, container: Node) -> Iterator[Defect]:
    pod = workload.pod
    written = pod.get("terminationGracePeriodSeconds") if pod is not None else None
    grace = integer(written, DEFAULT_GRACE)
    left_out = "" if written is not None else " (the default)"
    hook = container.get("lifecycle", "preStop")
    waits = _waits(hook) if hook is not None else 0.0
    related = (Related(written.place, "the grace period"),) if written is not None else ()
    if hook is not None and waits >= grace:
        yield Defect(
            _place(hook).place,
            f"preStop of {workload.name} waits {waits:g} s, but the pod is killed after {grace} s{left_out}: the "
            "application never gets to end its requests",
            f"Set terminationGracePeriodSeconds above {waits:g} s plus the time that the application needs",
            related,
        )
        return
    for variable in container.get("env") or ():
        matched = _TIME.fullmatch(variable.string("value").strip())
        if variable.string("name") in SHUTDOWNS and matched:
            own = int(matched[1]) * (60 if matched[2].lower() == "m" else 1)
            if waits + own > grace:
                yield Defect(
                    (variable.get("value") or variable).place,
                    f"{SHUTDOWNS[variable.string('name')]} may take {own} s to shut down{_after(waits)}, but the pod of "
                    f"{workload.name} is killed after {grace} s{left_out}",
                    f"Set terminationGracePeriodSeconds to more than {waits + own:g}",
                    related,
                    confidence=Confidence.LIKELY,
                )


def _after(waits: float) -> str:
    return f" after {waits:g} s of preStop" if waits else ""


def _waits(hook: Node) -> float:
    own = hook.get("sleep", "seconds")
    if own is not None:
        return float(integer(own, 0))
    command = " ".join(part.text for part in hook.get("exec", "command") or ())
    return sum(float(seconds) * (60 if minutes else 1) for seconds, minutes in _SLEEP.findall(command))


def _place(hook: Node) -> Node:
    return hook.get("sleep", "seconds") or hook.get("exec", "command") or hook


RULE = ValidationRule("SC024", "grace-too-short", "A pod is killed before its shutdown has ended.", Severity.ERROR, check)
