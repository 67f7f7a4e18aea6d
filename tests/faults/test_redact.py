from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.faults.redact import MASK, RedactingFormatter, Redactor, secrets_of

DSN = "postgresql://crm:s3cr%2Ft-word@127.0.0.1:5432/crm"


@pytest.mark.parametrize(
    "text",
    [
        f"connect to {DSN} failed",
        "connect to postgresql://crm:s3cr/t-word@db failed",
        "password=s3cr/t-word host=x",
        "PASSWORD = 's3cr/t-word'",
        "the word s3cr%2Ft-word alone",
    ],
)
def test_a_password_is_found_however_it_is_written(text: str) -> None:
    clean = Redactor(secrets_of(DSN, None)).text(text)
    assert "t-word" not in clean
    assert MASK in clean


def test_a_password_that_nobody_told_us_is_found_by_its_place() -> None:
    clean = Redactor().tree(
        {"a": ["amqp://u:unknown@host"], "api_token": "unknown", "count": 3, "text": "password=unknown"}
    )
    assert "unknown" not in json.dumps(clean)
    assert clean["count"] == 3


def test_credentials_of_a_kubeconfig_are_known(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("users:\n- name: u\n  user: {token: tok-123456, client-key-data: a2V5LWRhdGE=}\n")
    redactor = Redactor(secrets_of("", path))
    assert redactor.text("Bearer tok-123456 a2V5LWRhdGE=") == f"Bearer {MASK} {MASK}"


def test_a_traceback_in_the_log_shows_no_secret() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(Redactor(secrets_of(DSN, None))))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    try:
        raise RuntimeError(DSN)
    except RuntimeError:
        logger.exception("failed with %s", DSN)
    assert "RuntimeError" in stream.getvalue()
    assert "t-word" not in stream.getvalue()


@given(secret=st.text(min_size=4, max_size=40).filter(lambda s: s not in MASK), before=st.text(max_size=20))
def test_no_known_secret_survives_in_any_tree(secret: str, before: str) -> None:
    kept = Redactor([secret]).tree({"list": [before + secret, {"deep": secret}], secret: 1})

    def texts(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for pair in value.items() for part in pair for text in texts(part)]
        if isinstance(value, list):
            return [text for part in value for text in texts(part)]
        return [value] if isinstance(value, str) else []

    assert all(secret not in text.replace(MASK, "") for text in texts(kept))
