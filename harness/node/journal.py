"""The agent's own log: one JSON object per line on stderr."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

logger = logging.getLogger("generalprobe.node")


class JsonLines(logging.Formatter):
    """Formats a record as one line; fields passed as ``extra={"fields": {...}}`` become keys."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = repr(record.exc_info[1])
            line["at"] = self.formatException(record.exc_info).splitlines()[-3:]
        return json.dumps(line, default=str)


def log(level: int, message: str, error: BaseException | None = None, **fields: object) -> None:
    """Write one line; ``fields`` become keys of it, ``error`` adds its text and the last lines of its trace."""
    logger.log(level, message, exc_info=error, extra={"fields": fields})


def write_to_stderr(level: int = logging.INFO) -> None:
    """Send the log to stderr; called by the command, not when the agent is embedded."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
