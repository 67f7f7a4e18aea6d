-- +goose Up
CREATE TABLE accounts (
    id bigserial PRIMARY KEY,
    owner varchar(255) NOT NULL,
    balance bigint NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION transfer(source bigint, target bigint, amount bigint) RETURNS void AS $$
BEGIN
    UPDATE accounts SET balance = balance - amount WHERE id = source;
    UPDATE accounts SET balance = balance + amount WHERE id = target;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no account %', target;
    END IF;
END;
$$ LANGUAGE plpgsql;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION transfer(bigint, bigint, bigint);
DROP TABLE accounts;
