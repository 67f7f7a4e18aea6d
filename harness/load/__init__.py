"""Open-model load: arrivals follow the plan whatever the answers do, and latency counts from the intended start.

`python -m harness.load RUN --target FILE` starts one Locust process per worker (`worker`, which sends and measures) and
keeps the books in a process of its own (`recorder`): what was intended it takes from the plan, not from the workers,
so that a worker that is slow, stuck or dead shows up as arrivals that were not started. This package imports neither
Locust nor ssl here: Locust patches the process that imports it and has to come first there.
"""
