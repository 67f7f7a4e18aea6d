"""State and configuration folders of each test's own, and a real API server where one can be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.apiserver import Cluster, running


@pytest.fixture
def cluster() -> Cluster:
    """The API server of this session; skips where its parts are not built."""
    return running()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The undo folder of this test."""
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("GENERALPROBE_ALLOWED_CONTEXTS", "GENERALPROBE_DATABASE_DSN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "xdg_state_home" / "generalprobe" / "undo"
