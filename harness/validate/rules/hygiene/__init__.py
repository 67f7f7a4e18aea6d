"""Runbook hygiene: what a page owes the person who reads it at night."""
