"""Where things lie: cache and state folders by the XDG rules, and how they are made."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from harness.errors import BadInput, Unavailable


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_CACHE_HOME/generalprobe`: what can be made again."""
    return _base(environ, "XDG_CACHE_HOME", ".cache") / "generalprobe"


def state_root(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_STATE_HOME/generalprobe/clusters`: one folder per running cluster."""
    return _base(environ, "XDG_STATE_HOME", ".local/state") / "generalprobe" / "clusters"


def _base(environ: Mapping[str, str], variable: str, default: str) -> Path:
    given = environ.get(variable, "")
    return Path(given) if given.startswith("/") else Path.home() / default


def make_folder(path: Path, purpose: str, mode: int = 0o755) -> Path:
    """Make a folder with its parents. Raises Unavailable with what to do where that is impossible."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=mode)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unusable(path, purpose, error) from None
    return path


def unusable(path: Path, purpose: str, error: OSError) -> Unavailable:
    """An OS error about a folder as one sentence that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"There is no space left for {purpose} in {path}; free some, or point its XDG folder elsewhere.")
    reason = (error.strerror or str(error)).lower()
    return Unavailable(
        f"{path} cannot be used for {purpose}: {reason}; make it writable, or set "
        f"{'XDG_CACHE_HOME' if 'cache' in purpose or 'parts' in purpose else 'XDG_STATE_HOME'} to a folder that is."
    )


def check_name(name: str) -> str:
    """A cluster's name becomes a folder and a kubeconfig context. Raises BadInput."""
    if not name or len(name) > 40 or not all(letter.isalnum() or letter in "-_" for letter in name) or name[0] in "-_":
        raise BadInput(f"Expected a cluster name of letters, digits and dashes, got '{name}'; try `--name first`.")
    return name
