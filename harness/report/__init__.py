"""Readers of verdict and record: the live view, the terminal table, HTML, JUnit and JSON. Nothing here decides anything."""
