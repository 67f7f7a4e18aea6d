"""Faults: chaostoolkit experiments (chaos/*.yaml), their actions and probes, and the process that runs one of a plan.

To add a fault, add one file to chaos/ and, where no existing provider serves, one module here. Conventions: a probe of the
method named `effect: ...` proves the effect (truthy, or a mapping with `seen`), rollbacks named `undo: ...` take it back
and prove that, and `extensions: [{name: generalprobe, blast_radius: {pods, of, seconds}}]` says how far it reaches.
"""
