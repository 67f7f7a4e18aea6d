"""``python -m harness.node``: the node agent as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from harness.node.agent import CANCELLED_STOP_SECONDS, ORDERLY_STOP_SECONDS, NodeAgent
from harness.node.errors import NodeError
from harness.node.journal import log, write_to_stderr
from harness.node.settings import NodeSettings

LONGEST_STOP_SECONDS = ORDERLY_STOP_SECONDS + CANCELLED_STOP_SECONDS + 2
"""How long after the grace of the pods this process lives at most once it is told to stop."""


def read_arguments(words: list[str]) -> NodeSettings:
    """The settings that a command line gives; argparse ends the program with exit code 2 where it is wrong."""
    parser = argparse.ArgumentParser(prog="harness.node", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--node-name", required=True)
    parser.add_argument("--pod-cidr", default="127.10.0.0/20", help="loopback network of the pod IPs")
    parser.add_argument("--images", type=Path, action="append", default=[], help="image table (may be given again)")
    parser.add_argument("--root", type=Path, required=True, help="folder of this agent alone")
    parser.add_argument("--capacity-cpu", default="8")
    parser.add_argument("--capacity-memory", default="24Gi")
    parser.add_argument("--capacity-pods", type=int, default=110)
    parser.add_argument("--host-ip", default="127.0.0.1", help="address of the node and of the status server")
    parser.add_argument("--status-port", type=int, help="port of the status server (0: a free one)")
    parser.add_argument("--tls-cert", type=Path, help="certificate of the status server: HTTPS, as kubectl logs needs it")
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--tls-client-ca", type=Path, help="only clients with a certificate of this CA are answered")
    parser.add_argument("--backoff-base", type=float, default=10.0, help="first restart delay in seconds")
    parser.add_argument("--probe-lapse", type=float, default=1.0, help="divides periods and initial delays of probes")
    parser.add_argument("--stop-grace", type=float, default=5.0, help="seconds that pods get when the agent stops")
    parser.add_argument(
        "--pod-niceness", type=int, default=0, choices=range(20), metavar="0-19", help="CPU priority given up by pods"
    )
    parser.add_argument("--remove-node", action="store_true", help="delete the Node on stop instead of marking it NotReady")
    parser.add_argument("--label", action="append", default=[], metavar="KEY=VALUE", help="label of the Node")
    given = parser.parse_args(words)
    if given.backoff_base <= 0 or given.probe_lapse <= 0:
        parser.error("--backoff-base and --probe-lapse must be greater than 0")
    if (given.tls_cert is None) != (given.tls_key is None):
        parser.error("--tls-cert and --tls-key belong together")
    return NodeSettings(
        kubeconfig=given.kubeconfig,
        node_name=given.node_name,
        pod_cidr=given.pod_cidr,
        images=tuple(given.images),
        root=given.root,
        cpu=given.capacity_cpu,
        memory=given.capacity_memory,
        pods=given.capacity_pods,
        host_ip=given.host_ip,
        status_port=given.status_port,
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
        tls_client_ca=given.tls_client_ca,
        backoff_base=given.backoff_base,
        probe_lapse=given.probe_lapse,
        stop_grace=given.stop_grace,
        pod_niceness=given.pod_niceness,
        remove_node=given.remove_node,
        labels=dict(label.partition("=")[::2] for label in given.label),
    )


async def be_a_node(settings: NodeSettings) -> None:
    """Run an agent until SIGINT or SIGTERM."""
    agent = NodeAgent(settings)
    loop = asyncio.get_running_loop()
    stops: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if not stops:
            # The kernel ends this process even when its event loop hangs, and the warden then ends the containers.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, settings.stop_grace + LONGEST_STOP_SECONDS)
        stops.add(asyncio.create_task(agent.stop()))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    await agent.run()
    await asyncio.gather(*stops)


def main(words: list[str]) -> int:
    """Exit code: 0 after an orderly stop, 2 when the settings cannot be used."""
    settings = read_arguments(words)
    write_to_stderr()
    try:
        asyncio.run(be_a_node(settings))
    except NodeError as error:
        log(logging.CRITICAL, str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
