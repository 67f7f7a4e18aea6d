"""One throw-away PostgreSQL for many tests: started when the first asks for it; each gets databases of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from harness.validate.sql import applying
from harness.validate.sql.server import Server, throw_away


@contextmanager
def shared_postgresql() -> Iterator[None]:
    """While it lasts, whoever applies SQL does so in the same server."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        started: list[Server] = []

        @contextmanager
        def shared() -> Iterator[Server]:
            if not started:
                started.append(stack.enter_context(throw_away()))
            yield started[0]

        patch.setattr(applying, "throw_away", shared)
        yield
