"""A stranger on the machine is seen, and our own work is not mistaken for one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from harness.observe.host import Usage, usage

SPIN = "import time\nend = time.time() + 3\nwhile time.time() < end: pass"


def measured(roots: list[int]) -> float:
    before = usage(time.time(), roots)
    time.sleep(1.5)
    return usage(time.time(), roots).since(before)[1]


def test_a_hog_that_is_not_ours_is_foreign_and_the_same_hog_as_our_child_is_not() -> None:
    hog = subprocess.Popen([sys.executable, "-c", SPIN])
    try:
        stranger = usage(time.time(), [hog.pid])
        time.sleep(1.0)
        busy, others = usage(time.time(), [hog.pid]).since(stranger)
        assert busy - others > 0.2, "the hog's own ticks are attributed to its root"
        assert measured([-1]) > measured([os.getpid()])
    finally:
        hog.kill()
        hog.wait()


def test_what_a_child_used_before_it_was_reaped_stays_ours() -> None:
    before = Usage(0.0, 1000, 100 + 50)
    after = Usage(1.0, 1100, 250)  # the child ended: its 50 and 50 more went to the parent that reaped it
    assert after.since(before) == (1.0, 0.0)
