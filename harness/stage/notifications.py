"""Alertmanager's routes stay the system's own; only where its receivers deliver to becomes the harness."""

from __future__ import annotations

import copy
from typing import Any


def redirected(config: dict[str, Any], receiver_port: int) -> dict[str, Any]:
    """The same configuration in which every receiver that delivers anywhere delivers to the harness instead.

    A receiver without integrations (the usual `null`) keeps none: a route that leads there delivers nothing, and the
    rehearsal must see that.
    """
    changed = copy.deepcopy(config)
    for receiver in changed.get("receivers") or []:
        delivers = any(key.endswith("_configs") and value for key, value in receiver.items())
        name = receiver["name"]
        receiver.clear()
        receiver["name"] = name
        if delivers:
            url = f"http://127.0.0.1:{receiver_port}/notify/{name}"
            receiver["webhook_configs"] = [{"url": url, "send_resolved": True}]
    return changed
