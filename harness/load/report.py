"""What a worker tells the recorder, as one line of JSON per report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

RequestKey = tuple[int, str, str, str, str]
"""Intended second, territory, workload, operation, outcome."""

StartKey = tuple[int, str, str]
"""Intended second, territory, workload."""


@dataclass(frozen=True, slots=True)
class First:
    """An answer that named its pod. Times in seconds since the epoch and microseconds, as in the record."""

    sent: float
    pod: str
    workload: str
    latency_us: int
    status: int
    warm: bool | None


@dataclass(slots=True)
class Report:
    """News since the last report.

    `passed`: every arrival of this worker intended before that time (epoch) has been started or given up;
    `oldest_intended`, `oldest_sent`: of the requests that are still without an answer, or now where there is none;
    `requests`: latencies from the intended start, microseconds; `starts`: lags of starts, microseconds.
    """

    passed: float
    oldest_intended: float
    oldest_sent: float
    requests: dict[RequestKey, list[int]] = field(default_factory=dict)
    starts: dict[StartKey, list[int]] = field(default_factory=dict)
    firsts: list[First] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    cpu_share: float = 0.0
    in_flight: int = 0
    last: bool = False

    def encode(self) -> bytes:
        """One line of JSON."""
        whole = {
            **{name: getattr(self, name) for name in _PLAIN},
            "requests": [[*key, values] for key, values in self.requests.items()],
            "starts": [[*key, values] for key, values in self.starts.items()],
            "firsts": [list(asdict(first).values()) for first in self.firsts],
        }
        return json.dumps(whole, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Report:
        """What `encode` wrote."""
        whole = json.loads(line)
        return cls(
            **{name: whole[name] for name in _PLAIN if name != "notes"},
            notes=[(level, text) for level, text in whole["notes"]],
            requests={(s, t, w, o, out): values for s, t, w, o, out, values in whole["requests"]},
            starts={(s, t, w): values for s, t, w, values in whole["starts"]},
            firsts=[First(*values) for values in whole["firsts"]],
        )


_PLAIN = ("passed", "oldest_intended", "oldest_sent", "notes", "cpu_share", "in_flight", "last")
