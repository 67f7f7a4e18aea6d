"""One request and its answer: what a behaviour's method sees as its client, and what became of it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from gevent import Timeout
from locust.contrib.fasthttp import FastHttpSession

_TIMED_OUT = (Timeout, TimeoutError)


class MoreThanOne(Exception):
    """A behaviour's method performed more than one request, so that its latency would mean nothing."""


class Exchange:
    """A client for exactly one request: the methods of FastHttpSession, with a clock and a deadline around them.

    `begins` is called with the time at which the request is sent. After it: `sent` and `answered` (the clock's
    seconds, None before), `response`.
    """

    __slots__ = ("_begins", "_clock", "_session", "_timeout", "answered", "response", "sent")

    def __init__(
        self, session: FastHttpSession, timeout: float, clock: Callable[[], float], begins: Callable[[float], None]
    ) -> None:
        self._session = session
        self._timeout = timeout
        self._clock = clock
        self._begins = begins
        self.sent: float | None = None
        self.answered: float | None = None
        self.response: Any = None

    def request(self, method: str, url: str, **options: Any) -> Any:
        """As FastHttpSession.request. The timeout covers everything from connecting to the last byte."""
        if self.sent is not None:
            raise MoreThanOne("a behaviour's method performs one request")
        self.sent = self._clock()
        self._begins(self.sent)
        limit = Timeout.start_new(self._timeout)
        try:
            self.response = self._session.request(method, url, **options)
        finally:
            limit.close()
            self.answered = self._clock()
        return self.response

    def get(self, url: str, **options: Any) -> Any:
        """GET."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> Any:
        """HEAD."""
        return self.request("HEAD", url, **options)

    def post(self, url: str, data: Any = None, **options: Any) -> Any:
        """POST."""
        return self.request("POST", url, data=data, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> Any:
        """PUT."""
        return self.request("PUT", url, data=data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> Any:
        """PATCH."""
        return self.request("PATCH", url, data=data, **options)

    def delete(self, url: str, **options: Any) -> Any:
        """DELETE."""
        return self.request("DELETE", url, **options)

    def outcome(self) -> str:
        """ok | not_modified | client_error | server_error | timeout | connection, as the record names them."""
        status = self.response.status_code if self.response is not None else 0
        if not status:
            return "timeout" if self.response is None or _timed_out(self.response.error) else "connection"
        if status < 400 and not self.response._response.message_complete:  # the session swallows what broke off the body
            return "timeout" if self._took() >= self._timeout else "connection"
        if status == 304:
            return "not_modified"
        if status < 300:
            return "ok"
        return "server_error" if status >= 500 else "client_error"  # redirects are not followed: nobody asked for one

    def _took(self) -> float:
        return self.answered - self.sent if self.answered is not None and self.sent is not None else 0.0


def _timed_out(error: Any) -> bool:
    cause = getattr(error, "original", None) or error
    return isinstance(cause, _TIMED_OUT) or getattr(cause, "errno", None) == errno.ETIMEDOUT


def new_session(base_url: str, request_event: Any, concurrency: int, timeout: float) -> FastHttpSession:
    """A session for many virtual users at once: keep-alive, no retries, no redirects, no cookies, no queue for sockets."""
    session = FastHttpSession(
        base_url.rstrip("/"),
        request_event,
        user=None,
        insecure=True,
        concurrency=concurrency,
        connection_timeout=timeout,
        network_timeout=timeout,
        max_retries=0,
        max_redirects=0,
    )
    session.client.cookiejar = None
    return session
