create table public.profiles (
  id uuid not null references auth.users on delete cascade,
  first_name text,
  primary key (id)
);
alter table public.profiles enable row level security;
create policy "Own profile" on public.profiles for select to authenticated using ((select auth.uid()) = id);

create function public.handle_new_user() returns trigger
language plpgsql
security definer set search_path = ''
as $$
begin
  insert into public.profiles (id, first_name) values (new.id, new.raw_user_meta_data ->> 'first_name');
  return new;
end;
$$;
create trigger on_auth_user_created after insert on auth.users for each row execute procedure public.handle_new_user();
