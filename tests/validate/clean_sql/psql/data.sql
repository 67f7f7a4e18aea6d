COPY article (sku, title, stock) FROM stdin;
A-100	It's a "test"	12
A-200	$$ not a body $$	0
\.

UPDATE article SET stock = stock + 1 WHERE sku = 'A-100';
