"""SQL: scripts as statements with places, what they define, and what a throw-away PostgreSQL says about them."""
