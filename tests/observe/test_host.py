"""A stranger on the machine is seen, and our own work is not mistaken for one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from harness.observe.host import Usage, usage

SPIN = "while True: pass"


def test_a_hog_that_is_not_ours_is_foreign_and_the_same_hog_as_our_child_is_not() -> None:
    hog = subprocess.Popen([sys.executable, "-c", SPIN])
    families = ([hog.pid], [os.getpid()], [-1])
    try:
        before = [usage(time.time(), roots) for roots in families]
        # On a busy machine the hog gets its second of CPU time later, and others theirs meanwhile.
        while usage(time.time(), [hog.pid]).ours - before[0].ours < os.sysconf("SC_CLK_TCK"):
            time.sleep(0.1)
        now = time.time()
        (busy, others), ours, nobodys = (usage(now, roots).since(one) for roots, one in zip(families, before, strict=True))
        assert (busy - others) * (now - before[0].at) > 0.9, "the hog's own ticks are attributed to its root"
        assert (nobodys[1] - ours[1]) * (now - before[0].at) > 0.9, "as our child it is none of the others"
    finally:
        hog.kill()
        hog.wait()


def test_what_a_child_used_before_it_was_reaped_stays_ours() -> None:
    before = Usage(0.0, 1000, 100 + 50)
    after = Usage(1.0, 1100, 250)  # the child ended: its 50 and 50 more went to the parent that reaped it
    assert after.since(before) == (1.0, 0.0)
