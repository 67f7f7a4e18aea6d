drop index concurrently if exists shop.orders_status_idx;
