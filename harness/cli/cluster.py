"""`rehearse up | down | status | logs | kubeconfig`: the embedded cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Option("--name", "-n", help="Which cluster; several run side by side.")]


def up(
    name: Name = "default",
    lapse: Annotated[
        float, typer.Option(help="How many minutes of season pass in one; scales what the cluster waits for.")
    ] = 1.0,
    bin_dir: Annotated[Path | None, typer.Option(help="Use the programs in this folder where their version fits.")] = None,
    images: Annotated[list[Path] | None, typer.Option(help="Image table; may be given again, the first one wins.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the cluster, once its parts are built.")] = 120.0,
) -> None:
    """Start the embedded cluster: a real control plane with KEDA, Prometheus, Alertmanager and PostgreSQL.

    Parts that are nowhere yet are built first, once. Ctrl-C leaves nothing behind.

    Examples: `rehearse up`, `rehearse up --name second --lapse 12`
    """
    from harness.errors import BadInput
    from harness.stack import cluster
    from harness.stack.console import BuildAndStart, summary

    if not 0 < lapse <= 1000:
        raise BadInput(f"Expected a lapse between 0 and 1000, got {lapse:g}; 12 makes twelve minutes pass in one.")
    options = cluster.Options(
        name=name,
        lapse=lapse,
        bin_dir=bin_dir.resolve() if bin_dir else None,
        images=[table.resolve() for table in images or []],
        timeout_seconds=timeout,
    )
    with BuildAndStart(sys.stderr) as progress:
        state = cluster.up(options, progress)
    summary(state)


def down(
    name: Name = "default",
    every: Annotated[bool, typer.Option("--all", help="End every cluster of this user.")] = False,
) -> None:
    """End a cluster, and clear away what a crash left of one.

    Examples: `rehearse down`, `rehearse down --all`
    """
    from harness.stack import cluster

    for chosen in cluster.names() if every else [name]:
        print(f"cluster '{chosen}' ended" if cluster.down(chosen) else f"cluster '{chosen}' was not running")


def status(
    name: Annotated[str | None, typer.Option("--name", "-n", help="Only this cluster.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> int:
    """Show each cluster's parts: process, memory, how long it runs, ports, health.

    Exit code 0 when every part is well, 1 when a cluster is not, or when the one asked for does not run.
    """
    from harness.stack import cluster, health
    from harness.stack.console import show_status

    found = [health.inspect(chosen) for chosen in ([name] if name else cluster.names())]
    if as_json:
        import json

        print(json.dumps([report.model_dump(mode="json") for report in found], indent=1))
    else:
        show_status(found)
    return 0 if all(report.is_well for report in found) else 1


def logs(
    part: Annotated[str, typer.Argument(help="A part such as kube-apiserver, or a pod as NAME or NAMESPACE/NAME.")],
    name: Name = "default",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("--tail", min=0, help="Only so many of the last lines.")] = 100,
) -> None:
    """Show the log of a part or of a pod.

    Examples: `rehearse logs keda-operator -f`, `rehearse logs crm/crm-queries-de-5d8f7-x2x4z`
    """
    from harness.stack.logs import copy_log, find_log

    copy_log(find_log(name, part), sys.stdout.buffer, lines, follow)


def kubeconfig(name: Name = "default") -> None:
    """Print the path of the cluster's kubeconfig.

    Example: `KUBECONFIG=$(rehearse kubeconfig) kubectl get hpa`
    """
    from harness.stack import cluster

    print(cluster.read(name).kubeconfig)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, status, logs, kubeconfig):
        app.command()(command)
