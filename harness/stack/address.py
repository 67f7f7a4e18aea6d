"""Addresses of a cluster: its index on this machine, the loopback networks that follow from it, and free ports."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from harness.errors import Unavailable

CLUSTERS = 16
"""How many clusters fit side by side into 127.10.0.0/16."""

_FIRST_PORT = 20_000
_PORTS_PER_CLUSTER = 200
"""Below the kernel's ephemeral range (from 32768), so that no outgoing connection takes a port we chose."""


@dataclass(frozen=True, slots=True)
class Networks:
    """The loopback networks of cluster `index`: Linux answers on all of 127.0.0.0/8 with no setup."""

    index: int

    @property
    def pods(self) -> IPv4Network:
        """Where its pods get their addresses."""
        return IPv4Network(f"127.10.{16 * self.index}.0/20")

    @property
    def services(self) -> IPv4Network:
        """Where its Services get their cluster addresses."""
        return IPv4Network(f"127.11.{16 * self.index}.0/20")

    @property
    def api_service(self) -> IPv4Address:
        """The address the API server gives the Service `kubernetes`: the first of the range."""
        return self.services[1]


def claim_index() -> tuple[int, socket.socket]:
    """Take the lowest free index. It is held as long as the socket stays open, also across a crash, and leaves no file.

    An abstract socket has exactly the scope of loopback addresses: one network namespace, all users.
    Raises Unavailable when all are taken.
    """
    for index in range(CLUSTERS):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0generalprobe-cluster-{index}")
        except OSError:
            claim.close()
            continue
        return index, claim
    raise Unavailable(f"All {CLUSTERS} clusters that fit on one machine are running; end one with `rehearse down`.")


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def choose_ports(index: int, names: Iterable[str]) -> dict[str, int]:
    """A free port on 127.0.0.1 for every name, from the cluster's own range. Raises Unavailable when it is full."""
    first = _FIRST_PORT + index * _PORTS_PER_CLUSTER
    candidates = iter(range(first, first + _PORTS_PER_CLUSTER))
    ports: dict[str, int] = {}
    for name in names:
        for port in candidates:
            # Every address, because one part (KEDA's adapter) knows no other way to listen.
            if is_free(port) and is_free(port, "0.0.0.0"):  # noqa: S104 - only to see whether it is free
                ports[name] = port
                break
        else:
            raise Unavailable(
                f"Ports {first} to {first + _PORTS_PER_CLUSTER - 1} on 127.0.0.1 are taken, none is left for {name}; "
                "see `ss -ltnp` for who listens there."
            )
    return ports
