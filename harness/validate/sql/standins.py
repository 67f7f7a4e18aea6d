"""Stand-ins for extensions that the throw-away PostgreSQL does not carry: enough that what calls them can be applied."""

from __future__ import annotations

_PGCRYPTO = """
CREATE FUNCTION digest(text, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT sha256($1::bytea)';
CREATE FUNCTION digest(bytea, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT sha256($1)';
CREATE FUNCTION hmac(text, text, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT sha256(($1 || $2)::bytea)';
CREATE FUNCTION hmac(bytea, bytea, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT sha256($1 || $2)';
CREATE FUNCTION gen_random_bytes(integer) RETURNS bytea LANGUAGE sql VOLATILE STRICT AS
    'SELECT substring(sha256(gen_random_uuid()::text::bytea) FROM 1 FOR $1)';
CREATE FUNCTION gen_salt(text) RETURNS text LANGUAGE sql VOLATILE STRICT AS 'SELECT md5(gen_random_uuid()::text)';
CREATE FUNCTION gen_salt(text, integer) RETURNS text LANGUAGE sql VOLATILE STRICT AS 'SELECT md5(gen_random_uuid()::text)';
CREATE FUNCTION crypt(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT md5($1 || $2)';
CREATE FUNCTION pgp_sym_encrypt(text, text) RETURNS bytea LANGUAGE sql VOLATILE STRICT AS 'SELECT $1::bytea';
CREATE FUNCTION pgp_sym_encrypt(text, text, text) RETURNS bytea LANGUAGE sql VOLATILE STRICT AS 'SELECT $1::bytea';
CREATE FUNCTION pgp_sym_decrypt(bytea, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT encode($1, ''escape'')';
"""
_UUID = """
CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT gen_random_uuid()';
CREATE FUNCTION uuid_generate_v1() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT gen_random_uuid()';
CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT gen_random_uuid()';
CREATE FUNCTION uuid_nil() RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT ''00000000-0000-0000-0000-000000000000''::uuid';
CREATE FUNCTION uuid_generate_v5(uuid, text) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS
    'SELECT md5($1::text || $2)::uuid';
"""
STAND_INS: dict[str, str] = {
    "pgcrypto": _PGCRYPTO,
    "uuid-ossp": _UUID,
    "citext": "CREATE DOMAIN citext AS text;",
    "unaccent": "CREATE FUNCTION unaccent(text) RETURNS text LANGUAGE sql STABLE STRICT AS 'SELECT $1';",
    "btree_gin": "",
    "pg_stat_statements": "",
}
"""Extension -> what is made in its place, in the schema `public`."""
