"""Autoscaling: what KEDA and the HPA will do with what was written."""
