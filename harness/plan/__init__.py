"""Rehearsal + runbook -> plan: a timeline of phases, faults and expectations with every time already scaled. Pure."""
