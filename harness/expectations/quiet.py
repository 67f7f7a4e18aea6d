"""`quiet`: no alert fires but those that are expected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from harness.expectations.base import Case, Expectation, Finding, Result, World
from harness.expectations.evidence import clock
from harness.expectations.names import Moment, misspelt, unknown_moments
from harness.record.rows import Alert


class Quiet(Expectation):
    """No alert fires during the stretch, except those named."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    needs = frozenset({"prometheus"})

    kind: Literal["quiet"]
    except_alerts: tuple[str, ...] = Field(default=(), alias="except", description="Alerts that may fire.")
    during: tuple[Moment, Moment] = Field(default=("start", "end"), description="Two moments [from, to].")

    @field_validator("except_alerts", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def stretch(self) -> tuple[str, str]:
        """`during`."""
        return self.during

    def problems(self, world: World) -> Sequence[str]:
        """Unknown alerts or moments."""
        return [*misspelt("alert", self.except_alerts, world.alerts), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding."""
        since, until = case.came(self.during[0]), case.came(self.during[1])
        wanted = "no other alert fires" if self.except_alerts else "no alert fires"
        wanted += f" but {', '.join(self.except_alerts)}" if self.except_alerts else ""
        firing: dict[tuple[str, str], float] = {}
        seen: list[tuple[float, str, dict[str, Any]]] = []
        for row in sorted(case.record.rows(Alert, "at < ?", (until,)), key=lambda row: row.at):
            key = row.name, json.dumps(row.labels, sort_keys=True)
            if row.at >= since and row.state == "firing" and key not in firing:
                seen.append((row.at, row.name, row.labels))
            if row.state == "firing":
                firing.setdefault(key, row.at)
            elif key in firing:
                if firing[key] < since <= row.at:
                    seen.append((firing[key], row.name, row.labels))
                del firing[key]
        seen += [(at, name, json.loads(labels)) for (name, labels), at in firing.items() if at < since]
        wrong = sorted((one for one in seen if one[1] not in self.except_alerts), key=lambda one: one[:2])
        evidence = {
            "fired": [{"at": at, "alert": name, "labels": labels} for at, name, labels in wrong],
            "allowed_that_fired": sorted({name for _, name, _ in seen if name in self.except_alerts}),
        }
        about: dict[str, Any] = {"since": since, "until": until, "evidence": evidence}
        if not wrong:
            return [case.finding(Result.PASS, wanted, "none fired", **about)]
        reason = "; ".join(
            f"{_named(name, labels)} {clock(at - since)} after {self.during[0]}" for at, name, labels in wrong[:5]
        )
        names = ", ".join(dict.fromkeys(name for _, name, _ in wrong))
        return [case.finding(Result.FAIL, wanted, f"{names} fired", reason=reason, certain=True, **about)]


def _named(name: str, labels: dict[str, Any]) -> str:
    shown = [f"{key}={value}" for key, value in sorted(labels.items()) if key not in ("alertname", "severity", "team")]
    return f"{name}{{{', '.join(shown)}}}" if shown else name
