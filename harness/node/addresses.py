"""Pod IPs of one node."""

from __future__ import annotations

import ipaddress

from harness.node.errors import AddressesExhausted, NodeError


class AddressPool:
    """Hands out each address of a block once before any is given again.

    A pod's old address may still be in a client's connection pool or a proxy's active set, so it goes to the
    end of the line.
    """

    def __init__(self, cidr: str) -> None:
        try:
            network = ipaddress.ip_network(cidr)
        except ValueError as error:
            raise NodeError(f"--pod-cidr {cidr} is not a network such as 127.10.0.0/20: {error}") from error
        if not isinstance(network, ipaddress.IPv4Network) or network.prefixlen > 30:
            raise NodeError(f"--pod-cidr {cidr} must be an IPv4 network of at least four addresses, such as 127.10.0.0/20")
        self._network = network
        self._size = network.num_addresses - 2
        self._next = 0
        self._taken: set[str] = set()

    def take(self, wanted: str | None = None) -> str:
        """A free address; ``wanted`` when it lies in the block and is free (a pod may keep it over a restart).

        Raises:
            AddressesExhausted: all are taken.
        """
        if wanted and wanted not in self._taken and self._holds(wanted):
            self._taken.add(wanted)
            return wanted
        for _ in range(self._size):
            address = str(self._network[1 + self._next])
            self._next = (self._next + 1) % self._size
            if address not in self._taken:
                self._taken.add(address)
                return address
        raise AddressesExhausted(f"all {self._size} pod IPs of {self._network} are taken; give the node a wider --pod-cidr")

    def give_back(self, address: str) -> None:
        """Free an address; unknown ones are ignored (host network pods have the node's)."""
        self._taken.discard(address)

    def _holds(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return address in self._network and address not in (self._network[0], self._network[-1])
