"""What keeps a rehearsal from doing harm: undo written before every change, opt-in, limits, abort conditions."""
