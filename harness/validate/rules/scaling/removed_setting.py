"""SC005: a trigger uses a setting that KEDA has removed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.schema import versions
from harness.validate.triggers import FREE, scaler_settings, triggers

IGNORED = {"metricName": ("2.12", "Leave it out; KEDA names the metric itself, and `name` of the trigger is for people")}
"""Settings that nearly every scaler had: since when they are ignored, and what to do."""
DROPPED = {
    ("prometheus", "cortexOrgID"): ("2.15", "Send the header X-Scope-OrgID by customHeaders"),
}
"""(scaler, setting) -> since when it is gone, and what to do, where KEDA's own list does not tell."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Settings of triggers against KEDA's own list and its changelog."""
    known = scaler_settings()
    for thing, trigger in triggers(estate):
        taken = known.get(trigger.type, {})
        for key, _ in trigger.metadata.items() if trigger.metadata is not None else ():
            setting = taken.get(key.text)
            if setting is not None and setting.removed:
                since = re.search(r"v(2\.\d+)", setting.removed)
                use = re.search(r"- (Use .*?)\.?$", setting.removed)
                yield Defect(
                    key.place,
                    f"KEDA {since[1] if since else versions()['keda']} removed `{key.text}` of the {trigger.type} "
                    f"scaler; the trigger fails, and {thing.name} is not scaled by it",
                    use[1] if use else f"Take {key.text} out",
                )
            elif (trigger.type, key.text) in DROPPED:
                since_, use_ = DROPPED[trigger.type, key.text]
                yield Defect(
                    key.place,
                    f"`{key.text}` of the {trigger.type} scaler is out of use since KEDA {since_}",
                    use_,
                    severity=Severity.WARNING,
                )
            elif key.text in IGNORED and taken and setting is None and trigger.type not in FREE:
                since_, use_ = IGNORED[key.text]
                yield Defect(
                    key.place,
                    f"KEDA ignores `{key.text}` of the {trigger.type} scaler since {since_}",
                    use_,
                    severity=Severity.WARNING,
                )


RULE = ValidationRule("SC005", "removed-setting", "A trigger uses a setting that KEDA has removed.", Severity.ERROR, check)
