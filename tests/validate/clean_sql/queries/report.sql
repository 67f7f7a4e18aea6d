SELECT region, count(*) FILTER (WHERE created_at >= :from_date) AS fresh
FROM customers
WHERE region IN (%(first)s, %(second)s) AND name LIKE '%s%%' AND deleted = ?
GROUP BY region;
