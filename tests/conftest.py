"""What holds for all tests."""

from hypothesis import settings

# Speed lives in benchmarks/: a slow machine must not fail a test of arithmetic.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
