"""`alert`: an alert fires after its cause, reaches the receiver, and resolves when the cause is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.evidence import clock
from harness.expectations.names import Moment, misspelt, unknown_moments
from harness.plan.model import Scaled
from harness.record.rows import Alert, Notification
from harness.units import Duration

DELIVERY = timedelta(seconds=30)
"""What a notification may take from firing to its receiver where the runbook does not say."""

POLLING = 5.0
"""Seconds by which Prometheus' state may be seen later than the notification that follows from it."""


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
        return [*misspelt("alert", [self.alert], world.alerts), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding."""
        after = case.came(self.after)
        story = self._story(case, after)
        fires, received = after + case.deadline("fires_within"), after + case.deadline("received_within")
        since, deadline = after, fires
        if story.firing_before is not None:
            reason = f"it was firing {clock(after - story.firing_before)} before its cause"
            about: dict[str, Any] = {"since": story.firing_before, "until": after, "certain": True}
            return [case.finding(Result.FAIL, self._wanted(case), "fired before its cause", reason=reason, **about)]
        result, observed, until = Result.PASS, [], fires
        reason = ""
        if story.fired is None or story.fired > fires:
            result, reason = Result.FAIL, "it never fired"
            if story.fired is not None:
                reason = f"it fired {clock(story.fired - fires)} late"
            elif story.pending:
                reason = "it was pending but never fired"
        if story.fired is not None:
            observed.append(f"fired {clock(story.fired - after)} after {self.after}")
        if result is Result.PASS:
            deadline, until = received, received
            if story.received is None:
                result, reason = Result.FAIL, f"it fired, but {self.receiver} received nothing"
                reason += f"; received by {', '.join(story.others)}" if story.others else ""
            elif story.received > received:
                result, reason = Result.FAIL, f"{self.receiver} received it {clock(story.received - received)} late"
            else:
                until = story.received
        if story.received is not None:
            observed.append(f"received by {self.receiver} after {clock(story.received - after)}")
        elif story.fired is not None:
            observed.append("not received")
        if self.resolves_after is not None and result is Result.PASS:
            result, reason, said, until, deadline = self._resolution(case, story)
            observed.append(said)
        evidence = {
            "fired_after": _since(story.fired, after),
            "received_after": _since(story.received, after),
            "resolved_at": story.resolved,
            "resolved_received_at": story.resolution_received,
        }
        # Once it is seen to fire after its cause and not before, everything else was seen too, if late.
        seen = result is Result.PASS and not case.evidence.holes("prometheus", after, story.fired or after)
        more: dict[str, Any] = {
            "certain": seen,
            "reason": reason,
            "since": since,
            "until": until,
            "deadline": deadline,
            "evidence": evidence,
        }
        return [case.finding(result, self._wanted(case), ", ".join(observed) or "did not fire", **more)]

    def _wanted(self, case: Case) -> str:
        text = f"{self.alert} fires within {clock(case.deadline('fires_within'))} of {self.after}"
        text += f", {self.receiver} has it within {clock(case.deadline('received_within'))}"
        if self.resolves_after is not None:
            text += f", resolves within {clock(case.deadline('resolves_within'))} of {self.resolves_after}"
        return text

    def _resolution(self, case: Case, story: _Story) -> tuple[Result, str, str, float, float]:
        """Result, reason, what was observed, until when that was seen, and the deadline."""
        cause = case.came(str(self.resolves_after))
        deadline = cause + case.deadline("resolves_within")
        told = deadline + case.deadline("received_within") - case.deadline("fires_within")
        if story.resolved is None:
            return Result.FAIL, "it did not resolve", "still firing", deadline, deadline
        said = f"resolved {clock(story.resolved - cause)} after {self.resolves_after}"
        if story.resolved > deadline:
            return Result.FAIL, f"it resolved {clock(story.resolved - deadline)} late", said, deadline, deadline
        if story.resolution_received is None:
            return Result.FAIL, f"it resolved, but {self.receiver} was not told", said, told, deadline
        if story.resolution_received > told:
            late = clock(story.resolution_received - told)
            return Result.FAIL, f"{self.receiver} was told {late} late that it resolved", said, told, deadline
        return Result.PASS, "", said, max(story.resolved, story.resolution_received), deadline

    def _matches(self, labels: Mapping[str, Any]) -> bool:
        return all(str(labels.get(name)) == value for name, value in self.labels.items())

    def _story(self, case: Case, after: float) -> _Story:
        """What became of the alert from its cause on; several label sets count as one: first fired, last resolved."""
        rows = [row for row in case.record.rows(Alert, "name = ?", (self.alert,)) if self._matches(row.labels)]
        rows.sort(key=lambda row: row.at)
        firing: dict[str, float] = {}
        for row in rows:
            if row.at < after:
                _apply(row, firing)
        before = min(firing.values(), default=None)
        settled = self._settled(case)
        fired = resolved = None
        for row in (row for row in rows if row.at >= after):
            _apply(row, firing)
            if firing and fired is None:
                fired = row.at
            if firing and resolved is not None:
                if row.at > settled:
                    break  # it fires again for another reason, after this story was over
                resolved = None
            elif fired is not None and not firing and resolved is None:
                resolved = row.at
        told = [row for row in case.record.rows(Notification, "name = ?", (self.alert,)) if self._matches(row.labels)]
        received = [row for row in told if row.status == "firing" and row.at >= after]
        mine = min((row.at for row in received if row.receiver == self.receiver), default=None)
        resolutions = [
            row.at
            for row in told
            if row.status == "resolved" and row.receiver == self.receiver and mine is not None and resolved is not None
            if row.at >= max(mine, resolved - POLLING)
        ]
        return _Story(
            firing_before=before,
            fired=fired,
            pending=any(row.state == "pending" and row.at >= after for row in rows),
            received=mine,
            others=tuple(sorted({row.receiver for row in received} - {self.receiver})),
            resolved=resolved,
            resolution_received=min(resolutions, default=None),
        )

    def _settled(self, case: Case) -> float:
        """When the story must be over: the deadline of resolving."""
        if self.resolves_after is None:
            return case.came(self.after) + case.deadline("received_within")
        return case.came(self.resolves_after) + case.deadline("resolves_within")


def _apply(row: Alert, firing: dict[str, float]) -> None:
    """Keep in `firing` since when each label set fires."""
    labels = json.dumps(row.labels, sort_keys=True)
    if row.state == "firing":
        firing.setdefault(labels, row.at)
    else:
        firing.pop(labels, None)


@dataclass(frozen=True, slots=True)
class _Story:
    """Times in seconds since the epoch, None where it did not come. `others`: who else received it."""

    firing_before: float | None
    fired: float | None
    pending: bool
    received: float | None
    others: tuple[str, ...]
    resolved: float | None
    resolution_received: float | None


def _since(at: float | None, cause: float) -> float | None:
    return None if at is None else round(at - cause, 3)
