"""What a behaviour owes: a class that a profile names, in a file beside it, one method per operation."""

from __future__ import annotations

import random
from typing import Any, Protocol

from harness.traffic.profile import Profile


class NotLearnt(Exception):
    """A behaviour does not know the ids yet that its requests name. Says in one sentence what was missing."""


class Behaviour(Protocol):
    """The users of one territory.

    Besides `learn` it has one method per operation, `operation(client) -> response`, that performs exactly ONE request
    with a client that has the methods of Locust's FastHttpSession, and does not wait for anything else.
    """

    def __init__(self, profile: Profile, territory: str, stream: random.Random) -> None:
        """`stream` is seeded by the plan; all choices come from it."""

    def learn(self, client: Any) -> None:
        """Ask for the ids that requests will name, as many requests as it takes. Raises NotLearnt to be asked again."""
