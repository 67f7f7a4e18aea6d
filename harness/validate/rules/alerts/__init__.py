"""Alerts: what Prometheus will make of the expressions, and whether the runbook and the alerts speak of the same."""
