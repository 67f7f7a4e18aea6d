"""Seasons' windows as pure functions over dates: cron evaluated as KEDA evaluates it, daylight saving included."""
