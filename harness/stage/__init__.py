"""Putting the system under rehearsal on the embedded cluster: database, chart, rules, routes, all under lapse."""
