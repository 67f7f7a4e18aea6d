"""SQL: journals, notifications, rights and migrations as PostgreSQL will take them."""
