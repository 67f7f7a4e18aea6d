"""`rehearse validate`: what is wrong between runbook, autoscaling, alerts, calendar and SQL, before anything runs.

The way of the data: files -> reading (by content) -> Estate -> rules (pure, one file each) -> findings -> formats.
"""
