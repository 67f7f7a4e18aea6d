"""Generalprobe: rehearse a season before it comes, and judge what happened against the runbook."""

__version__ = "0.1.0"
