"""Files -> what they are, recognised by content: folders, YAML of every kind, Markdown, SQL, iCalendar."""
