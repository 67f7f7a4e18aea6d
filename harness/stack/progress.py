"""What a long step tells the one who waits for it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of steps by name. `group` is what the step belongs to: `build` or `start`."""

    def began(self, group: str, step: str) -> None:
        """A step has begun."""

    def moved(self, group: str, step: str, text: str) -> None:
        """A step got further; `text` is short and replaces the one before."""

    def done(self, group: str, step: str, seconds: float) -> None:
        """A step has ended well, after so many seconds."""


class Silent:
    """Tells nobody."""

    def began(self, group: str, step: str) -> None:
        """Nothing."""

    def moved(self, group: str, step: str, text: str) -> None:
        """Nothing."""

    def done(self, group: str, step: str, seconds: float) -> None:
        """Nothing."""
