CREATE TABLE article (
    sku text PRIMARY KEY,
    title text NOT NULL,
    stock integer NOT NULL DEFAULT 0
);
