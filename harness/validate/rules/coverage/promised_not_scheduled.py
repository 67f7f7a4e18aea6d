"""CV001: pods are promised to a workload in a season in which other workloads have a window and it has none."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Thing
from harness.validate.coverage import seasons
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only beside others of the same season and territory that are served; CA016 and CA017 tell of the rest."""
    rows = seasons(estate, settings)
    served = {(row.season, row.territory) for row in rows if row.windows is not None}
    for row in rows:
        promise = row.promise
        if (
            promise is not None
            and row.windows is None
            and row.thing is not None
            and row.thing.kind == "ScaledObject"
            and (promise.wanted or 0) > (promise.usual if promise.usual is not None else _least(row.thing))
            and (row.season, row.territory) in served
        ):
            yield Defect(
                promise.place,
                f"{row.workload} is to have {row.promised} in {row.season}, but {row.thing.name} has no window for it, as "
                "others have",
                f"Add a cron trigger for {row.season} to {row.thing.name}, or strike the promise",
                (Related(row.thing.place, "the autoscaler without a window"),),
                Confidence.LIKELY,
                promise.understood(),
            )


def _least(thing: Thing) -> int:
    """The pods that it always has: minReplicaCount."""
    node = thing.node.get("spec", "minReplicaCount")
    return int(node.text) if node is not None and node.text.isdecimal() else 0


RULE = ValidationRule(
    "CV001", "promised-not-scheduled", "Pods are promised to a workload in a season, and no window brings them.",
    Severity.WARNING, check,
)  # fmt: skip
