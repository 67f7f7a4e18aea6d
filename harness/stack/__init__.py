"""The embedded cluster: its pinned parts, how they are built, started, watched over and ended. See `cluster.py`."""
