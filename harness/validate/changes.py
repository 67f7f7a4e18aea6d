"""Commands that change something: what a person on call may have to take back."""

from __future__ import annotations

import re

from harness.validate.promises import Command
from harness.validate.shell import simple_commands

_KUBECTL = frozenset(
    {"scale", "apply", "patch", "edit", "set", "annotate", "label", "replace", "create", "taint", "autoscale"}
)
_HELM = frozenset({"upgrade", "install", "uninstall", "delete"})
_DELETED = re.compile(r"^(?:pods?|po)(?:/|$)")
_SQL = re.compile(
    r"^\s*(?:INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|TRUNCATE|DROP\s|ALTER\s+(?:TABLE|SYSTEM|ROLE|DATABASE"
    r"|FUNCTION))",
    re.IGNORECASE | re.MULTILINE,
)


def changes_something(command: Command) -> bool:
    """Whether a command changes state that stays changed. Deleting a pod or restarting a rollout mends itself."""
    if command.language != "bash":
        return _SQL.search(command.text) is not None
    for simple in simple_commands(command.text):
        words = [word for word in simple.words if not word.startswith("-")]
        if words[:1] == ["kubectl"] and _changes(words[1:]):
            return True
        if words[:1] == ["helm"] and any(word in _HELM for word in words[1:4]):
            return True
        if "psql" in words and any(_SQL.search(word) for word in words):
            return True
    return False


def _changes(words: list[str]) -> bool:
    verbs = [at for at, word in enumerate(words[:4]) if word in _KUBECTL or word == "delete"]
    if not verbs:
        return False
    if words[verbs[0]] != "delete":
        return True
    return not any(_DELETED.match(word) for word in words[verbs[0] + 1 :])
