"""What was given to read, and what people say to this tool in it."""
