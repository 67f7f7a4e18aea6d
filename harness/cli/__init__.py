"""The command `rehearse`: one file per command, found by its place. See `main.py`."""
