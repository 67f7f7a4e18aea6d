"""Components that a German page calls by other words than the estate does: `Abfragen` are its `queries`."""

from __future__ import annotations

import re
from collections.abc import Set

_SAME = (
    ("abfrage abfragen lesezugriff lesezugriffe lesezugriffen leseanfragen", "queries query reads read"),
    (
        "kommando kommandos befehl befehle befehlen schreibzugriff schreibzugriffe schreibzugriffen schreibvorgang "
        "schreibvorgänge schreibvorgängen schreibanfragen",
        "commands command writes write",
    ),
    ("bestellung bestellungen bestellannahme", "orders order ordering"),
    ("warenkorb warenkorbs warenkörbe", "cart carts basket"),
    ("kasse kassen bezahlvorgang bezahlvorgänge", "checkout"),
    ("suche suchen suchanfragen", "search"),
    ("anmeldung anmeldungen", "login logins auth"),
    ("zahlung zahlungen", "payments payment"),
    ("katalog katalogs", "catalogue catalog"),
    ("lieferung lieferungen auslieferung", "delivery deliveries"),
    ("rechnung rechnungen", "invoices invoice billing"),
    ("buchung buchungen", "bookings booking"),
    ("kunde kunden", "customers customer"),
    ("lager lagerbestand", "inventory stock"),
)
_ENGLISH = {german: english.split() for words, english in _SAME for german in words.split()}
_NOUN = re.compile(r"(?<![\w-])[A-ZÄÖÜ][a-zäöüß]+(?![\w-])")


def translated(text: str, known: Set[str]) -> str:
    """The one component of `known` (lower case) that a German noun of the text stands for; '' where none does, or two do.

    A word that the estate knows itself is not translated.
    """
    found = set()
    for noun in _NOUN.findall(text):
        english = [] if noun.lower() in known else [word for word in _ENGLISH.get(noun.lower(), ()) if word in known]
        found |= set(english[:1])
    return found.pop() if len(found) == 1 else ""
