"""One embedded cluster for all tests that only look at it, and a state folder for those that start their own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.stack import cluster
from harness.stack.progress import Silent
from harness.stack.state import ClusterState, Options
from tests.stack.workbench import ECHO, PATIENCE, Kubectl


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image table with `sleep` and `echo`."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "echo.py").write_text(ECHO)
    table = folder / "images.yaml"
    table.write_text(
        yaml.safe_dump(
            {"images": {"sleep": {"command": ["sleep", "100000"]}, "echo": {"command": [sys.executable, "echo.py"]}}}
        )
    )
    return table


@pytest.fixture(scope="module")
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder of the module's own: what runs in it ends with the module, so that other tests have the machine."""
    folder = tmp_path_factory.mktemp("state")
    # PostgreSQL runs as another user when we are root, and has to get through to its data.
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o711)
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    try:
        yield folder
    finally:
        for name in cluster.names():
            cluster.down(name)
        if before is None:
            del os.environ["XDG_STATE_HOME"]
        else:
            os.environ["XDG_STATE_HOME"] = before
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running(state_home: Path, images: Path) -> ClusterState:
    """A cluster that the tests of a module share and leave well."""
    return cluster.up(Options(name="shared", lapse=12, images=[images], timeout_seconds=PATIENCE), Silent())


@pytest.fixture(scope="module")
def kubectl(running: ClusterState) -> Kubectl:
    """kubectl on the shared cluster."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on PATH")
    return Kubectl(running)
