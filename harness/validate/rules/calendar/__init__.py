"""The calendar over a whole year: what windows really cover, beside what the seasons promise."""
