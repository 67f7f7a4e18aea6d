CREATE OR REPLACE VIEW wholesale.order_overview AS
SELECT o.id, o.customer, o.status, count(l.*) AS lines, sum(l.quantity) AS pieces
  FROM wholesale.orders o
  LEFT JOIN wholesale.order_lines l ON l.order_id = o.id
 GROUP BY o.id;
