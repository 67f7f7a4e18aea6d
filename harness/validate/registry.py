"""Which rules there are: every module below rules/, and the entry points of third parties."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points

import harness.validate.rules
from harness.errors import BadInput
from harness.validate.rule import ValidationRule

GROUP = "generalprobe.rules"
_ID = re.compile(r"[A-Z]{2,4}\d{3}")


@cache
def rules() -> tuple[ValidationRule, ...]:
    """All rules in order of id. Raises BadInput where two claim one id or a plug-in does not load."""
    found: dict[str, ValidationRule] = {}
    for rule in _candidates():
        if not _ID.fullmatch(rule.id):
            raise BadInput(f"'{rule.id}' ({rule.name}) is no id of a rule; write a family and three digits, such as SC004.")
        if found.setdefault(rule.id, rule) is not rule:
            raise BadInput(f"The id {rule.id} is claimed by '{found[rule.id].name}' and by '{rule.name}'; change one.")
    return tuple(found[id_] for id_ in sorted(found))


def _candidates() -> Iterator[ValidationRule]:
    for module in pkgutil.walk_packages(harness.validate.rules.__path__, "harness.validate.rules."):
        rule = getattr(importlib.import_module(module.name), "RULE", None)
        if isinstance(rule, ValidationRule):
            yield rule
    for entry in entry_points(group=GROUP):
        try:
            thing = entry.load()
        except Exception as error:
            raise BadInput(f"The rule '{entry.name}' ({entry.value}) does not load: {error}.") from error
        if not isinstance(thing, ValidationRule):
            raise BadInput(f"The entry point '{entry.name}' ({entry.value}) is no ValidationRule; see {GROUP}.")
        yield thing
