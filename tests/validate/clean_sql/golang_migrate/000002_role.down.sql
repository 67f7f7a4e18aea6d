ALTER TABLE users ALTER COLUMN role TYPE text;
DROP TYPE user_role;
