"""One run: stage, then load, faults and observers as processes of their own along the plan's timeline, then the verdict."""
