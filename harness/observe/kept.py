"""What of a Kubernetes object goes into a record: no bookkeeping, no secret."""

from __future__ import annotations

import re
from typing import Any

from harness.record.rows import Json

_SECRET_VARIABLE = re.compile(r"password|passwd|secret|token|key|credential", re.IGNORECASE)
_SECRET_FIELD = re.compile(r"(password|passwd|token|secret|api_?key|credentials?)$", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")
_IN_TEXT = re.compile(r"((?:password|passwd|token|secret|api[_-]?key)\s*[=:]\s*)[^\s&;,'\"]+", re.IGNORECASE)
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
REMOVED = "***"


def kept(body: Json) -> Json:
    """The object without managedFields, the last applied copy, images of a node, and everything that looks secret."""
    result: Json = _clean(body)
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            annotations.pop(_LAST_APPLIED, None)
    if result.get("kind") == "Node" and isinstance(result.get("status"), dict):
        result["status"].pop("images", None)
    return result


def _clean(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _field(name, value) for name, value in thing.items() if name != "managedFields"}
    if isinstance(thing, list):
        return [_clean(item) for item in thing]
    if isinstance(thing, str):
        return without_secrets(thing)
    return thing


def _field(name: str, value: Any) -> Any:
    if name == "env" and isinstance(value, list):
        return [_variable(item) for item in value]
    if isinstance(value, str) and _SECRET_FIELD.search(name):
        return REMOVED
    return _clean(value)


def _variable(item: Any) -> Any:
    if isinstance(item, dict) and "value" in item and _SECRET_VARIABLE.search(str(item.get("name", ""))):
        return {name: value for name, value in item.items() if name != "value"}
    return _clean(item)


def without_secrets(text: str) -> str:
    """A text with the password of `scheme://user:password@host` and of `password=...` taken out."""
    if "://" in text:
        text = _IN_ADDRESS.sub(rf"\1:{REMOVED}@", text)
    if "=" in text or ":" in text:
        text = _IN_TEXT.sub(rf"\1{REMOVED}", text)
    return text
