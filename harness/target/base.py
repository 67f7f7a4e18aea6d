"""A target: where a rehearsal takes place. Handed to every process of a run as a private file, never recorded."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Target(BaseModel):
    """Addresses and credentials of the system under rehearsal. `services` maps workload names to base URLs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    embedded: bool
    kubeconfig: Path
    context: str
    namespace: str
    lapse: float
    prometheus_url: str
    alertmanager_url: str
    database_dsn: str
    receiver_port: int
    services: dict[str, str] = {}

    def write(self, path: Path) -> None:
        """Write to a file that only this user can read."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(self.model_dump_json())

    @classmethod
    def read(cls, path: Path) -> Target:
        """Read what `write` wrote."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
