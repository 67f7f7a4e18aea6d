"""A client for one context of one kubeconfig, and the few questions about a cluster that safety asks."""

from __future__ import annotations

import ipaddress
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from harness.errors import RehearseError, Unavailable

TIMEOUT_SECONDS = 10
"""How long one request to the API server may take, connecting and reading each."""

FAILURES = (ApiException, HTTPError, OSError)
"""What a request to the API server raises when it does not succeed."""


def connect(kubeconfig: Path | str, context: str | None = None) -> Any:
    """An ApiClient of its own (no process-wide default is set). Raises Unavailable where there is no such context."""
    path = Path(kubeconfig).expanduser()
    if not path.is_file():
        raise Unavailable(f"There is no kubeconfig {path}; set KUBECONFIG or start the cluster with `rehearse up`.")
    try:
        api: Any = config.new_client_from_config(config_file=str(path), context=context or None)
    except (ConfigException, ValueError, TypeError, KeyError) as error:
        raise Unavailable(f"{path} cannot be used for context '{context or 'current'}': {error}.") from None
    if is_loopback(api.configuration.host):
        # A proxy of the environment must not stand between us and a cluster on this machine.
        api.configuration.proxy = None
    api.configuration.retries = False
    return client.ApiClient(api.configuration)


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is this machine by its address, without asking DNS."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def explain(error: BaseException) -> str:
    """A failed request in a few words, without headers, bodies or credentials."""
    if isinstance(error, ApiException) and error.status:
        message = ""
        with suppress(ValueError, AttributeError, TypeError):
            message = str(json.loads(error.body or "{}").get("message") or "")
        return message or f"{error.status} {error.reason}"
    cause: BaseException = getattr(error, "reason", None) or error
    cause = cause if isinstance(cause, BaseException) else error
    text = str(cause).rsplit(": ", 1)[-1]
    return text or type(cause).__name__


def refuse(what: str, error: BaseException, kind: type[RehearseError] = Unavailable) -> NoReturn:
    """Raise `kind` with one sentence about a failed request."""
    raise kind(f"{what}: {explain(error)}; check that the cluster answers and that you may do this.") from None
