"""What the season asks of the system: who arrives when, and what they do. Pure and seeded; nothing here sends anything."""
