ALTER TABLE accounts ADD COLUMN created_at timestamptz DEFAULT now();
CREATE INDEX idx_accounts_created ON accounts(created_at);
CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger AS $$
BEGIN
  NEW.updated_at = now();
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE FUNCTION upsert_account(p accounts) RETURNS accounts AS $$
DECLARE r accounts%ROWTYPE; rec RECORD; arr text[] := ARRAY[]::text[]; v_count integer DEFAULT 0; cur CURSOR FOR SELECT * FROM accounts; c_name CONSTANT text := 'x';
BEGIN
  r := p;
  r.name := upper(p.name);
  arr[1] := 'a';
  INSERT INTO accounts SELECT (r).* ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name RETURNING * INTO r;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  FOR rec IN EXECUTE format('SELECT * FROM %I WHERE id = $1', 'accounts') USING p.id LOOP
    RAISE NOTICE 'got % %', rec.id, rec.name USING HINT = 'none';
    CONTINUE WHEN rec.name IS NULL;
    EXIT;
  END LOOP;
  OPEN cur; FETCH cur INTO r; CLOSE cur;
  RETURN r;
EXCEPTION WHEN unique_violation OR OTHERS THEN
  RAISE;
END;
$$ LANGUAGE plpgsql;
