"""Doing something at a fixed pace without drifting, and without catching up on what was missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


async def paced(seconds: float) -> AsyncIterator[None]:
    """Yield now and then every `seconds`. Turns that a slow caller missed are left out."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        yield
        due = max(due + seconds, loop.time() + min(0.05, seconds))
        await asyncio.sleep(due - loop.time())
