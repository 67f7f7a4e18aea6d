from __future__ import annotations

import time
from contextlib import suppress

import pytest

from harness.errors import Vetoed
from harness.safety.lease import SECONDS, RehearsalLease, held
from tests.faults.apiserver import Cluster


def test_only_one_rehearsal_at_a_time_holds_a_namespace(cluster: Cluster) -> None:
    target = cluster.target(namespace=cluster.namespace("lease-one"))
    first, second = RehearsalLease(target, "run-1 on a"), RehearsalLease(target, "run-2 on b")
    first.take()
    with pytest.raises(Vetoed, match="run-1 on a"):
        second.take()
    first.renew()
    second.release()  # not its own: nothing happens
    with pytest.raises(Vetoed):
        second.take()
    first.release()
    first.release()
    second.take()


def test_the_lease_of_a_dead_holder_runs_out_and_it_cannot_renew_it_then(cluster: Cluster) -> None:
    target = cluster.target(namespace=cluster.namespace("lease-dead"))
    first, second = RehearsalLease(target, "run-1"), RehearsalLease(target, "run-2")
    now = time.time()
    first.take(now - SECONDS - 5)
    second.take(now)
    with pytest.raises(Vetoed, match="run-2"):
        first.renew(now)


def test_other_namespaces_are_free(cluster: Cluster) -> None:
    for name in ("lease-a", "lease-b"):
        RehearsalLease(cluster.target(namespace=cluster.namespace(name)), name).take()


def test_a_lease_is_renewed_while_it_is_held_and_given_back_after(cluster: Cluster) -> None:
    target = cluster.target(namespace=cluster.namespace("lease-held"))
    other = RehearsalLease(target, "run-2")
    with held(target, "run-1", every_seconds=0.1) as state:
        before = other._read().metadata.resource_version
        deadline = time.monotonic() + 10
        while other._read().metadata.resource_version == before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert other._read().metadata.resource_version != before
        with pytest.raises(Vetoed, match="run-1"):
            other.take()
        assert state.lost is None
    other.take()


def _take_over(lease: RehearsalLease) -> None:
    """Take a lease as a clock would see it long after its last renewal; a renewal in between conflicts, so try again."""
    for _ in range(20):
        with suppress(Vetoed):
            lease.take(time.time() + 2 * SECONDS)
            return
    pytest.fail("the lease could not be taken over")


def test_a_holder_learns_that_its_lease_was_taken_over(cluster: Cluster) -> None:
    target = cluster.target(namespace=cluster.namespace("lease-lost"))
    other = RehearsalLease(target, "run-2")
    with held(target, "run-1", every_seconds=1.0) as state:
        _take_over(other)
        deadline = time.monotonic() + 20
        while state.lost is None and time.monotonic() < deadline:
            time.sleep(0.05)
    assert state.lost is not None
    assert "run-2" in state.lost
    with pytest.raises(Vetoed, match="run-2"):  # what is not ours is not released
        RehearsalLease(target, "run-3").take()
