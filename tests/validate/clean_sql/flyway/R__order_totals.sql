create or replace view shop.order_totals as
select c.region, date_trunc('day', o.placed_at) as day, sum(o.total) as total
from shop.orders o
join shop.customers c on c.id = o.customer_id
group by 1, 2;
