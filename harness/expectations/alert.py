"""`alert`: an alert fires after its cause, reaches the receiver, and resolves when the cause is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.names import Moment, unknown, unknown_moments
from harness.plan.model import Scaled
from harness.units import Duration

DELIVERY = timedelta(seconds=30)
"""What a notification may take from firing to its receiver where the runbook does not say."""


class AlertExpectation(Expectation):
    """The alert fires within a deadline of its cause and not before, is received, and resolves."""

    needs = frozenset({"prometheus", "receiver"})

    kind: Literal["alert"]
    alert: str = Field(description="Name of the alert, as in the rule file.")
    labels: dict[str, str] = Field(
        default_factory=dict, description="Labels that the alert must carry, e.g. territory: DE."
    )
    after: Moment = Field(description="The cause: the deadlines run from here, and firing before it is a failure.")
    fires_within: Duration = Field(description="From the cause to firing in Prometheus.")
    receiver: str = Field(description="The receiver that must get the notification, e.g. crm-oncall.")
    received_within: Duration | None = Field(
        default=None, description="From the cause to the notification; 30s more than `fires_within` when left out."
    )
    resolves_after: Moment | None = Field(default=None, description="The moment after which the alert must resolve.")
    resolves_within: Duration | None = Field(
        default=None,
        description="From `resolves_after` to resolved in Prometheus; the notification of it may take as much "
        "longer as `received_within` is longer than `fires_within`.",
    )

    @model_validator(mode="after")
    def _resolution_is_whole(self) -> AlertExpectation:
        if (self.resolves_after is None) != (self.resolves_within is None):
            raise ValueError("'resolves_after' and 'resolves_within' go together")
        if self.received_within is not None and self.received_within < self.fires_within:
            raise ValueError("'received_within' runs from the cause and cannot be shorter than 'fires_within'")
        return self

    def stretch(self) -> tuple[str, str]:
        """From the cause to the end: an alert may resolve long after."""
        return self.after, "end"

    def moments(self) -> Sequence[str]:
        """The cause, and what it resolves after."""
        return [self.after, *([self.resolves_after] if self.resolves_after else [])]

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """All deadlines, each with the grain of scraping and evaluation."""
        because = "scrape and evaluation grain"
        received = self.received_within or self.fires_within + DELIVERY
        found = {
            "fires_within": lapse.scaled(self.fires_within, lapse.pipeline, because),
            "received_within": lapse.scaled(received, lapse.pipeline, because),
        }
        if self.resolves_within is not None:
            found["resolves_within"] = lapse.scaled(self.resolves_within, lapse.pipeline, because)
        return found

    def problems(self, world: World) -> Sequence[str]:
        """Unknown alert or moments."""
        return [*unknown("alert", [self.alert], world.alerts), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding."""
        return [case.finding(Result.NO_DATA, "", "")]
