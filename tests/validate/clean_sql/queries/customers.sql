-- name: GetCustomer :one
SELECT id, name FROM customers WHERE id = $1 LIMIT 1;

-- name: ListCustomers :many
SELECT id, name FROM customers WHERE region = ANY ($1::text[]) ORDER BY name;

-- name: CreateCustomer :one
INSERT INTO customers (name, region) VALUES ($1, $2) RETURNING *;

-- name: PendingEvents :one
SELECT count(*) FROM event_outbox WHERE processed_at IS NULL;
