"""The verdict: every expectation, every fault, the generator and each observer judged, from plan and record alone."""
