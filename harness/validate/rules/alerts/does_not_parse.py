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
    r"\b(?:smoothed|anchored|default|if|ifnot|keep_metric_names|WITH)\b|\[[^\]]*[-+*/][^\]]*\]|unknown function"
)
"""Words of Prometheus versions and of relatives of PromQL that the parser does not know."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every rule's expression."""
    for rule in estate.found.rules:
        parsed = parse(rule.expr)
        if not isinstance(parsed, Unparsable) or _OTHER_LANGUAGE.search(rule.expr):
            continue
        unsure = _YOUNGER.search(rule.expr) or _YOUNGER.search(parsed.why)
        yield Defect(
            rule.within(parsed.start, parsed.end),
            f"The expression of {rule.name} is no valid PromQL: {parsed.why}",
            "Mend it; Prometheus refuses the whole file with all its rules otherwise",
            confidence=Confidence.LIKELY if unsure else Confidence.CERTAIN,
        )


RULE = ValidationRule("AL001", "expression-does-not-parse", "An expression is no PromQL.", Severity.ERROR, check)
