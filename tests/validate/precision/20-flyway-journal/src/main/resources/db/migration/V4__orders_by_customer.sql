-- flyway:executeInTransaction=false
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer ON wholesale.orders (customer, created_at DESC);
