"""Taking secrets out of what is kept: journals, rows and log lines never show a credential."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import yaml
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

MASK = "[redacted]"

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@")
_KEYWORD = re.compile(r"\b(password|passwd|sslpassword)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s'\"]+)", re.IGNORECASE)
_NAMES = re.compile(r"(password|passwd|secret|token|dsn|credential|private.?key|client-key-data)$", re.IGNORECASE)
_KUBECONFIG_KEYS = ("token", "password", "client-key-data", "client-certificate-data")


class Redactor:
    """Replaces known secret values, and whatever is written like one, by `[redacted]`."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """`values`: secrets by value. Short ones (under 4 characters) would redact ordinary words and are left out."""
        forms = {form for value in values if value for form in (value, quote(value, safe=""), unquote(value))}
        self._values = sorted((form for form in forms if len(form) >= 4), key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets."""
        for value in self._values:
            text = text.replace(value, MASK)
        text = _URL.sub(rf"\g<scheme>:{MASK}@", text)
        return _KEYWORD.sub(rf"\1={MASK}", text)

    def tree(self, value: Any) -> Any:
        """A JSON-like value without secrets: by value anywhere, and by the name of the key that holds a plain text."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(str(key)): MASK if isinstance(item, str) and _NAMES.search(str(key)) else self.tree(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set):
            return [self.tree(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))


def secrets_of(dsn: str, kubeconfig: Path | None) -> set[str]:
    """The secret values behind a database address and a kubeconfig."""
    found = {dsn} if dsn else set()
    try:
        found.add(str(conninfo_to_dict(dsn).get("password") or ""))
    except ProgrammingError:
        found.add(urlsplit(dsn).password or "")
    if kubeconfig is not None and kubeconfig.is_file():
        try:
            users = (yaml.safe_load(kubeconfig.read_text(encoding="utf-8")) or {}).get("users") or []
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            users = []
        for user in users:
            found |= {str((user.get("user") or {}).get(key) or "") for key in _KUBECONFIG_KEYS}
    return found - {""}


class RedactingFormatter(logging.Formatter):
    """A log format that never prints a secret, also not in a traceback."""

    def __init__(self, redactor: Redactor) -> None:
        """`redactor` knows the secrets."""
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """One line (or a traceback) without secrets."""
        return self._redactor.text(super().format(record))
