"""Seeing what happens: one process, one file per source, each restarted after an error, each honest about its gaps.

A module beside this one that has a class `Observer` is an observer; so is every entry point of the group
`generalprobe.observers`. `python -m harness.observe RUN --target FILE` runs them all.
"""
