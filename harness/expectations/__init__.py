"""What a runbook can promise. One file per kind: its schema, what it needs recorded, its judge.

A new kind is one new file here (or an entry point of the group `generalprobe.expectations`) with one subclass of
`harness.expectations.base.Expectation`; nothing else is edited.
"""
