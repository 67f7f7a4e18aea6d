"""AL001: an expression is no PromQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promql import Unparsable, parse
from harness.validate.rule import ValidationRule

_OTHER_LANGUAGE = re.compile(r"\{\{|\[\[|\$\{|\$__|<%|%\(|\|=|\|~|\|\s*(?:json|logfmt|pattern|regexp|unpack|line_format)\b")
"""Marks of templates that are still to be rendered, and of LogQL, which Loki reads out of files of the same form."""

_YOUNGER = re.compile(
    r"\b(?:smoothed|anchored|default|if|ifnot|keep_metric_names|WITH)\b|\[[^\]]*[-+*/%][^\]]*\]|[<>]/|\binfo\s*\("
    r"|\boffset\s*-?\s*[(a-z]|[^\x00-\x7f]"
)
"""Words of younger Prometheus versions and of relatives of PromQL that the parser does not know."""

_UNDERSTOOD = re.compile(
    r"closes nothing|is not closed|nothing follows|no operator|expected type|expected \d+ argument|illegal regex|bad number"
)
"""Reasons that hold in every version; any other may be a gap of the parser."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every rule's expression."""
    for rule in estate.found.rules:
        parsed = parse(rule.expr)
        if not isinstance(parsed, Unparsable) or _OTHER_LANGUAGE.search(rule.expr):
            continue
        sure = _UNDERSTOOD.search(parsed.why) is not None and _YOUNGER.search(rule.expr) is None
        yield Defect(
            rule.within(parsed.start, parsed.end),
            f"The expression of {rule.name} is no valid PromQL: {parsed.why}",
            "Mend it; Prometheus refuses the whole file with all its rules otherwise",
            confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        )


RULE = ValidationRule("AL001", "expression-does-not-parse", "An expression is no PromQL.", Severity.ERROR, check)
