-- The assortment: what the three seasons sell, and what sells all year.
INSERT INTO crm.product (sku, name, unit, price_cents) VALUES
    ('SPA-WEISS-5',   'Weißer Spargel, Klasse I',          '5 kg',     4990),
    ('SPA-GRUEN-5',   'Grüner Spargel, Klasse I',          '5 kg',     4590),
    ('SPA-HOLL-1',    'Sauce hollandaise',                 '1 l',       690),
    ('SPA-KART-10',   'Neue Kartoffeln, festkochend',      '10 kg',    1590),
    ('OKT-WEISSW-60', 'Münchner Weißwurst',                '60 Stück', 4790),
    ('OKT-BREZN-80',  'Brezn, Teigling',                   '80 Stück', 3290),
    ('OKT-HENDL-12',  'Hendl, bratfertig',                 '12 Stück', 6480),
    ('OKT-OBATZ-2',   'Obatzda',                           '2 kg',     1890),
    ('OKT-SENF-5',    'Süßer Senf',                        '5 kg',     1490),
    ('OKT-KRAUT-10',  'Sauerkraut',                        '10 kg',    1690),
    ('WEI-GANS-4',    'Gans, bratfertig',                  '4 Stück',  15900),
    ('WEI-LEBK-50',   'Elisenlebkuchen',                   '50 Stück', 8900),
    ('WEI-STOLLEN-6', 'Christstollen',                     '6 Stück',  7200),
    ('WEI-BLAUK-10',  'Blaukraut',                         '10 kg',    1990),
    ('WEI-KNOED-100', 'Kartoffelknödel',                   '100 Stück', 3400),
    ('GJ-MEHL-25',    'Weizenmehl Type 550',               '25 kg',    2190),
    ('GJ-BUTTER-10',  'Butter',                            '10 kg',    7990),
    ('GJ-KAESE-4',    'Bergkäse, halber Laib',             '4 kg',     5690),
    ('GJ-RAHM-10',    'Schlagrahm 30 %',                   '10 l',     3890),
    ('GJ-OEL-10',     'Rapsöl',                            '10 l',     2790)
ON CONFLICT (sku) DO NOTHING;
