"""The rules, one file each, in a folder per family. A new file with a `RULE` is found by its place."""
