-- Orders of the wholesale portal.
create schema if not exists wholesale;

create table wholesale.orders (
    id          bigint generated always as identity primary key,
    customer    uuid        not null,
    status      text        not null default 'new' check (status in ('new', 'paid', 'shipped')),
    created_at  timestamptz not null default now()
);

create table wholesale.order_lines (
    order_id    bigint not null references wholesale.orders (id) on delete cascade,
    position    int    not null,
    sku         text   not null,
    quantity    int    not null check (quantity > 0),
    primary key (order_id, position)
);
