"""One rehearsal per namespace at a time, whoever starts it: a Kubernetes Lease that its holder renews."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.errors import Unavailable, Vetoed
from harness.safety.cluster import FAILURES, TIMEOUT_SECONDS, connect, refuse
from harness.stack.process import ProcessRecord, is_alive, record
from harness.target.base import Target

NAME = "generalprobe-rehearsal"
_HOLDER = re.compile(r"\(pid (?P<pid>\d+) started (?P<start>\d+) on (?P<host>\S+)\)$")
SECONDS = 60
"""How long a lease that is not renewed (its holder was killed) keeps others out."""


class RehearsalLease:
    """The right to rehearse in a namespace. Take it, renew it at least every SECONDS / 3, release it."""

    def __init__(self, target: Target, holder: str) -> None:
        """`holder`: what others are told, e.g. the run's name and host. Raises Unavailable."""
        self._api = client.CoordinationV1Api(connect(target.kubeconfig, target.context))
        self._namespace, self.holder = target.namespace, holder

    def take(self, now: float | None = None) -> None:
        """Take the lease; taking one's own again renews it. Raises Vetoed where another rehearsal holds it, Unavailable."""
        moment = time.time() if now is None else now
        try:
            found = self._read()
            if found is None:
                metadata = client.V1ObjectMeta(name=NAME, namespace=self._namespace)
                lease = client.V1Lease(metadata=metadata, spec=self._spec(moment))
                self._api.create_namespaced_lease(self._namespace, lease, _request_timeout=TIMEOUT_SECONDS)
                return
            if other := held_by_other(found, self.holder, moment):
                raise Vetoed(other)
            found.spec = self._spec(moment)  # with the resourceVersion read: whoever was faster wins
            self._api.replace_namespaced_lease(NAME, self._namespace, found, _request_timeout=TIMEOUT_SECONDS)
        except FAILURES as error:
            if getattr(error, "status", None) == 409:
                raise Vetoed(f"Another rehearsal has just begun in namespace '{self._namespace}'; wait for it.") from None
            refuse(f"The lease of namespace '{self._namespace}' cannot be taken", error)

    def renew(self, now: float | None = None) -> None:
        """Say that the rehearsal goes on. Raises Vetoed where it was taken over, Unavailable."""
        self.take(now)

    def release(self) -> None:
        """Give the lease back where it is ours. Releasing twice is harmless. Raises Unavailable."""
        try:
            found = self._read()
            if found is not None and found.spec.holder_identity == self.holder:
                uid = client.V1Preconditions(uid=found.metadata.uid, resource_version=found.metadata.resource_version)
                body = client.V1DeleteOptions(preconditions=uid)
                self._api.delete_namespaced_lease(NAME, self._namespace, body=body, _request_timeout=TIMEOUT_SECONDS)
        except FAILURES as error:
            if getattr(error, "status", None) not in (404, 409):
                refuse(f"The lease of namespace '{self._namespace}' cannot be given back", error)

    def _read(self) -> Any:
        try:
            return self._api.read_namespaced_lease(NAME, self._namespace, _request_timeout=TIMEOUT_SECONDS)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def _spec(self, now: float) -> Any:
        moment = datetime.fromtimestamp(now, UTC)
        return client.V1LeaseSpec(
            holder_identity=self.holder, lease_duration_seconds=SECONDS, acquire_time=moment, renew_time=moment
        )


@dataclass(slots=True)
class Held:
    """A lease that is renewed in the background. `lost`: why it is ours no more, a sentence; None while it is."""

    lost: str | None = None


@contextmanager
def held(target: Target, holder: str, every_seconds: float = SECONDS / 4) -> Iterator[Held]:
    """Hold the namespace for the length of the block. Raises Vetoed where another rehearsal holds it, Unavailable."""
    lease, state, over = RehearsalLease(target, holder), Held(), threading.Event()
    lease.take()
    renewed = time.monotonic()

    def renew() -> None:
        nonlocal renewed
        while state.lost is None and not over.wait(every_seconds):
            try:
                lease.renew()
                renewed = time.monotonic()
            except Vetoed as error:
                state.lost = str(error)
            except Unavailable as error:
                # The control plane may be gone for a moment, which has its own abort condition; the lease lasts a while.
                if time.monotonic() - renewed > SECONDS:
                    state.lost = str(error)

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield state
    finally:
        over.set()
        thread.join(timeout=TIMEOUT_SECONDS)
        with suppress(Unavailable):  # a cluster that has ended took its lease along, and any other runs out by itself
            lease.release()


def holder_of(run: str) -> str:
    """How this process calls itself as a holder: the run, and which process on which machine it is."""
    own = record(run, os.getpid())
    return f"{run} (pid {own.pid} started {own.start} on {socket.gethostname()})"


def is_dead(holder: str) -> bool:
    """Whether a holder named by `holder_of` was a process of this machine that is gone."""
    found = _HOLDER.search(holder)
    if found is None or found["host"] != socket.gethostname():
        return False
    return not is_alive(ProcessRecord(name=holder, pid=int(found["pid"]), start=int(found["start"])))


def held_by_other(lease: Any, holder: str, now: float) -> str | None:
    """Who else holds a lease that has not run out, as a sentence; None where it may be taken."""
    spec = lease.spec
    if not spec or not spec.holder_identity or spec.holder_identity == holder or spec.renew_time is None:
        return None
    left = spec.renew_time.timestamp() + (spec.lease_duration_seconds or SECONDS) - now
    if left <= 0 or is_dead(spec.holder_identity):
        return None
    return (
        f"Another rehearsal is running here: {spec.holder_identity}; wait for it "
        f"(if it died, its lease runs out in {left:.0f} s)."
    )
