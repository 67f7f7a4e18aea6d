"""The runbook, held against what it speaks of."""
