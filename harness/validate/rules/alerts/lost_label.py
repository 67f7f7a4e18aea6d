"""AL007: an expression asks for a label that an aggregation has taken away before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.kept import Known, losses
from harness.validate.promql import Matcher, tree
from harness.validate.recorded import FAR, recorded
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Groupings, matchings and label functions within an expression; matchers on series that rules here record."""
    known = recorded(estate)
    makers = {rule.record: rule for rule in estate.found.rules if rule.record}
    for rule in estate.found.rules:
        root = tree(rule.expr)
        if root is None:
            continue
        inside = {id(part) for part in root.walk()}
        for loss in losses(root, known):
            here = id(loss.by) in inside
            spot = loss.by if here else loss.side or loss.wants
            yield Defect(
                rule.within(spot.start, spot.end),
                f"The label '{loss.label}' is lost here, but in {rule.name} {loss.how}"
                if here
                else f"In {rule.name} {loss.how}, but the rule that records this series does not keep '{loss.label}'",
                f"Keep it: add '{loss.label}' to the grouping" if here else f"Keep '{loss.label}' where it is recorded",
                (Related(rule.within(loss.wants.start, loss.wants.end), "it is asked for here"),) if here else (),
                confidence=Confidence.CERTAIN if loss.sure and loss.label not in FAR else Confidence.LIKELY,
            )
        yield from _matchers(rule, known, makers)


def _matchers(rule: Rule, known: Known, makers: dict[str, Rule]) -> Iterator[Defect]:
    root = tree(rule.expr)
    for selector in root.selectors() if root is not None else ():
        kept = known.get(selector.name)
        for one in selector.matchers if kept is not None else ():
            if kept is not None and not kept.may_have(one.name) and one.name not in FAR and not _matches_nothing(one):
                maker = makers[selector.name]
                yield Defect(
                    rule.within(selector.start, selector.end),
                    f"{selector.name} never has the label '{one.name}', so {rule.name} selects nothing",
                    f"Keep '{one.name}' in the recording rule, or leave the matcher out",
                    (Related(maker.place, f"it is recorded without '{one.name}'"),),
                )


def _matches_nothing(one: Matcher) -> bool:
    """Whether a series without the label fulfils the matcher too."""
    if one.op in ("=", "!="):
        return (one.op == "=") == (not one.value)
    try:
        empty = re.fullmatch(one.value, "") is not None
    except re.error:
        return True
    return empty == (one.op == "=~")


RULE = ValidationRule("AL007", "lost-label", "A label is asked for that an aggregation has lost.", Severity.ERROR, check)
