create schema if not exists shop;

create table shop.customers (
  id bigint generated always as identity primary key,
  email text not null unique,
  region text not null,
  created_at timestamptz not null default now()
);

create index customers_region_idx on shop.customers (region);
