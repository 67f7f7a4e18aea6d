from __future__ import annotations

import time

import pytest

from harness.errors import Vetoed
from harness.safety.lease import SECONDS, RehearsalLease
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
