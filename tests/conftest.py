"""What holds for all tests."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Speed lives in benchmarks/: a slow machine must not fail a test of arithmetic.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST = ("embedded/test_interruption.py", "stack/test_ending.py", "stack/test_cluster.py")
"""Files that mostly wait, for minutes: begun first, they wait beside all others and not after them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then what needs a cluster, then the rest; within a file all stays as it stands."""

    def rank(item: pytest.Item) -> tuple[int, bool]:
        file = item.path.relative_to(Path(__file__).parent).as_posix()
        place = LONGEST.index(file) if file in LONGEST else len(LONGEST)
        return place, item.get_closest_marker("cluster") is None

    ranks: dict[Path, tuple[int, bool]] = {}
    for item in items:
        ranks[item.path] = min(rank(item), ranks.get(item.path, rank(item)))
    items.sort(key=lambda item: ranks[item.path])
