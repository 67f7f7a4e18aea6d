"""One file per kind of change that can be taken back: `restore(entry) -> str`, found by the entry's `kind`."""
