create index concurrently if not exists orders_status_idx on shop.orders (status);
