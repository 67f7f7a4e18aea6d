"""What is promised, scheduled, alerted and rehearsed has to be the same."""
