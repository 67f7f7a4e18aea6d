"""Markdown that a person on call reads -> the expectations in it, each with its place and the sentence above it."""
