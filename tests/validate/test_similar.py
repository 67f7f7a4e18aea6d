"""Slips are told from other names."""

from __future__ import annotations

import pytest

from harness.validate.similar import similar


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("CrmQueryLatencyHigh", "CrmQueriesLatencyHigh"),
        ("CrmLatencyHigh", "CrmLatencyTooHigh"),
        ("CrmQueriesHighLatency", "CrmQueriesLatencyHigh"),
        ("shop-wbe", "shop-web"),
        ("shop_orders_depth", "shop_order_depth"),
        ("service:shop_error:rate5m", "service:shop_errors:rate5m"),
        ("critcal", "critical"),
        ("KafkaConsumerLag", "KafkaConsumersLag"),
    ],
)
def test_a_slip_finds_the_name_that_was_meant(name: str, known: str) -> None:
    assert similar(name, [known, "entirely-different", "OtherThing"]) == known


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("http_requests_total", "grpc_requests_total"),
        ("service:shop_errors:rate5m", "service:shop_errors:rate30m"),
        ("crm-queries-de", "crm-queries-at"),
        ("CrmOutboxDown", "CrmListenerDown"),
        ("warning", "warnung-kritisch"),
        ("shop-web", "shop-db"),
        ("NodeDiskFull", "NodeMemoryFull"),
        ("info", "critical"),
    ],
)
def test_another_name_is_no_slip(name: str, known: str) -> None:
    assert similar(name, [known]) == ""
