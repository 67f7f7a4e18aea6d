create type shop.order_status as enum ('placed', 'paid', 'shipped', 'cancelled');

create table shop.orders (
  id bigint generated always as identity primary key,
  customer_id bigint not null references shop.customers (id),
  status shop.order_status not null default 'placed',
  total numeric(12, 2) not null check (total >= 0),
  placed_at timestamptz not null default now()
);

create index orders_customer_idx on shop.orders (customer_id);
create index orders_open_idx on shop.orders (placed_at) where status in ('placed', 'paid');
