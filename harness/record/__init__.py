"""What happened: one append-only SQLite file per run, written by many processes, readable at any instant.

`rows` names what can be recorded, `writer` appends, `reader` reads back, `views` answers the questions that judges
and reports share (replicas over time, lives of pods, latency of a stretch). Times are seconds since the epoch, UTC.
"""
