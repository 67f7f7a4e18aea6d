"""The line behind which clusters differ. Everything past it is the same code for every target."""
