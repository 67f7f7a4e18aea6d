"""Processes of containers, without an API server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from harness.node import processes
from harness.node.processes import Process, run_command, start_process


async def lives(niceness: int, folder: Path) -> tuple[int, str]:
    """The niceness of a started process, and of its session where the kernel keeps one."""
    process = start_process(["sleep", "600"], dict(os.environ), str(folder), os.open(os.devnull, os.O_WRONLY), niceness)
    try:
        session = Path(f"/proc/{process.pid}/autogroup")
        said = session.read_text().split()[-1] if session.exists() else str(niceness)
        return os.getpriority(os.PRIO_PROCESS, process.pid), said
    finally:
        process.kill_group()
        await process.exited


@pytest.mark.parametrize("niceness", [0, 7])
def test_a_container_is_as_much_nicer_than_the_agent_as_it_is_told(niceness: int, tmp_path: Path) -> None:
    process, session = asyncio.run(lives(niceness, tmp_path))
    assert process == min(19, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
    assert session == str(niceness), "niceness counts within a session only where sessions are scheduled against each other"


def test_a_command_that_ends_in_the_moment_of_its_cancellation_is_cancelled_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        def start_and_cancel(*arguments: Any) -> Process:
            process = start_process(*arguments)
            # After whoever waits for it now has asked to be told, so that both happen in one turn of the loop.
            loop.call_soon(process.exited.add_done_callback, lambda _: asking.cancel())
            return process

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(processes, "start_process", start_and_cancel)
        asking = asyncio.create_task(run_command(["true"], dict(os.environ), str(tmp_path), 30))
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(scene())
