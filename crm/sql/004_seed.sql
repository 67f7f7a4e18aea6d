-- About 2,000 customers and 6,000 orders, the same on every machine: DE from id 1, CH from 100001, AT from 200001.
-- Everything is derived from the number of the row, so a second run finds the same keys and inserts nothing.

WITH territory (code, first_id, customers, cities, postcodes) AS (
    VALUES
        ('DE', 1, 1200,
            ARRAY['München', 'Nürnberg', 'Augsburg', 'Regensburg', 'Würzburg', 'Hamburg', 'Berlin', 'Köln'],
            ARRAY['80331', '90402', '86150', '93047', '97070', '20095', '10115', '50667']),
        ('CH', 100001, 300,
            ARRAY['Zürich', 'Bern', 'Basel', 'Luzern'],
            ARRAY['8001', '3011', '4051', '6003']),
        ('AT', 200001, 500,
            ARRAY['Wien', 'Graz', 'Linz', 'Salzburg', 'Innsbruck'],
            ARRAY['1010', '8010', '4020', '5020', '6020'])
)
INSERT INTO crm.customer (id, territory, name, branch, street, postcode, city, email, phone)
SELECT
    t.first_id + n,
    t.code,
    (ARRAY['Gasthof', 'Wirtshaus', 'Hotel', 'Bäckerei', 'Metzgerei', 'Biergarten'])[1 + n % 6] || ' '
        || (ARRAY['Krone', 'Adler', 'Hirsch', 'Löwe', 'Post', 'Linde', 'Sonne', 'Stern', 'Ochsen'])[1 + n % 9] || ' '
        || n + 1,
    (ARRAY['gastronomy', 'gastronomy', 'hotel', 'bakery', 'butcher', 'gastronomy'])[1 + n % 6],
    (ARRAY['Hauptstraße', 'Marktplatz', 'Bahnhofstraße', 'Kirchgasse'])[1 + n % 4] || ' ' || 1 + n % 120,
    t.postcodes[1 + n % cardinality(t.postcodes)],
    t.cities[1 + n % cardinality(t.cities)],
    'einkauf-' || lower(t.code) || '-' || n + 1 || '@example.com',
    '+' || (CASE t.code WHEN 'DE' THEN '49' WHEN 'CH' THEN '41' ELSE '43' END) || ' 555 ' || lpad((n + 1)::text, 6, '0')
FROM territory AS t
CROSS JOIN LATERAL generate_series(0, t.customers - 1) AS n
ON CONFLICT (id) DO NOTHING;

-- Three orders for each seeded customer, spread over the last 90 days.
INSERT INTO crm.sales_order (id, customer_id, territory, status, total_cents, created_at)
SELECT
    c.id * 3 + k - 2,
    c.id,
    c.territory,
    (ARRAY['delivered', 'shipped', 'placed'])[1 + k],
    0,
    date_trunc('day', now()) - make_interval(days => (90 - 30 * k - c.id % 30)::integer)
FROM crm.customer AS c
CROSS JOIN generate_series(0, 2) AS k
WHERE c.id < 1000000
ON CONFLICT (id) DO NOTHING;

WITH sku AS (
    SELECT sku, price_cents, row_number() OVER (ORDER BY sku) - 1 AS n, count(*) OVER () AS total FROM crm.product
)
INSERT INTO crm.order_item (order_id, position, sku, quantity, price_cents)
SELECT o.id, p, s.sku, 1 + (o.id + p) % 12, s.price_cents
FROM crm.sales_order AS o
CROSS JOIN LATERAL generate_series(1, 1 + (o.id % 3)::integer) AS p
JOIN sku AS s ON s.n = (o.id * 7 + p * 5) % s.total
WHERE o.id < 1000000
ON CONFLICT (order_id, position) DO NOTHING;

UPDATE crm.sales_order AS o
SET total_cents = i.total
FROM (SELECT order_id, sum(quantity::bigint * price_cents) AS total FROM crm.order_item GROUP BY order_id) AS i
WHERE i.order_id = o.id AND o.id < 1000000 AND o.total_cents = 0;

ANALYZE crm.customer;
ANALYZE crm.sales_order;
ANALYZE crm.order_item;
