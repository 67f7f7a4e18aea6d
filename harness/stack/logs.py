"""Finding and following a log: of a part, or of a pod on the cluster's node."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from harness.errors import BadInput, Unavailable
from harness.stack.runner import tail
from harness.stack.state import ClusterState, folder_of, read_state

_FOLLOW_SECONDS = 0.2


def find_log(cluster: str, name: str) -> Path:
    """The log of a part, or of a pod given as NAME or NAMESPACE/NAME. Raises BadInput, naming what there is."""
    folder = folder_of(cluster)
    state = read_state(folder)
    if state is None:
        raise Unavailable(f"Cluster '{cluster}' is not running, so it has no logs; start it with `rehearse up`.")
    own = {"supervisor": folder / "supervisor.log", **{part.name: part.log for part in state.parts}}
    if name in own:
        return own[name]
    pods = _pod_logs(state)
    matching = {pod: log for pod, log in pods.items() if name in (pod, pod.partition("/")[2])}
    if len(matching) == 1:
        return next(iter(matching.values()))
    if matching:
        raise BadInput(f"'{name}' is in several namespaces: {', '.join(sorted(matching))}; give NAMESPACE/NAME.")
    raise BadInput(
        f"There is no part or pod '{name}' in cluster '{cluster}'; parts are {', '.join(own)}; "
        f"pods are {', '.join(sorted(pods)) or 'none'}."
    )


def _pod_logs(state: ClusterState) -> dict[str, Path]:
    """The newest container log of every pod the node agent has a folder for: pods/NAMESPACE_NAME_UID/CONTAINER/RUN.log."""
    found: dict[str, Path] = {}
    for log in sorted((state.folder / "node" / "pods").glob("*/*/*.log"), key=lambda path: path.stat().st_mtime):
        namespace, name, _ = log.parent.parent.name.split("_", 2)
        found[f"{namespace}/{name}"] = log
    return found


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """`rehearse logs ... | head` is no error."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def copy_log(path: Path, output: IO[bytes], lines: int, follow: bool) -> None:
    """Write the last lines; with `follow`, go on until interrupted or the log is removed."""
    with path.open("rb") as file, _reader_may_leave():
        output.write((tail(path, lines) + "\n").encode() if lines else b"")
        output.flush()
        file.seek(0, 2)
        while follow:
            block = file.read()
            if block:
                output.write(block)
                output.flush()
            elif not path.exists():
                return
            else:
                time.sleep(_FOLLOW_SECONDS)
