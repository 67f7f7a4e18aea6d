"""What users of the CRM do: one request per method. The profiles beside this file say how often.

A rehearsal calls these methods in an open model. By hand, with Locust's usual closed model and its web page:

    locust -f profiles/crm.py --host http://localhost:8080 --season-profile profiles/oktoberfest.yaml --territory DE
"""

from __future__ import annotations

import random
from collections import OrderedDict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from locust import FastHttpUser, between, events, task

from harness.traffic.behaviour import NotLearnt
from harness.traffic.popularity import Customers, Ranked
from harness.traffic.profile import Profile, load_profile

KNOWN_TAGS = 2000
ORDERS_LEARNT_FROM = 20


class Crm:
    """The users of one territory. They know customers, orders, and what they have read before (ETags)."""

    def __init__(self, profile: Profile, territory: str, stream: random.Random) -> None:
        self._profile = profile
        self._territory = profile.territories[territory]
        self._stream = stream
        self._tags: OrderedDict[str, str] = OrderedDict()
        self._customers: Customers | None = None
        self._orders: Ranked[int] | None = None

    def learn(self, client: Any) -> None:
        """Ask for the ids that requests will name. Raises NotLearnt where the service does not answer (yet)."""
        exponent = self._profile.popularity.exponent
        limit = self._profile.popularity.customers
        everyone = [int(id_) for id_ in _json(client, f"/customers/ids?limit={limit}", "/customers/ids")["ids"]]
        if not everyone:
            raise NotLearnt("GET /customers/ids names no customer")
        self._stream.shuffle(everyone)
        preferred, share = self._learn_preferred(client)
        customers = Customers(everyone, preferred, share, exponent)
        orders: list[int] = []
        for customer in [*preferred[:ORDERS_LEARNT_FROM], *everyone[:ORDERS_LEARNT_FROM]]:
            found = _json(client, f"/customers/{customer}/orders", "/customers/[id]/orders")
            orders += [int(order["id"]) for order in found]
        if not orders:
            raise NotLearnt(f"the {ORDERS_LEARNT_FROM} most popular customers have no order")
        self._customers, self._orders = customers, Ranked(orders, exponent)

    def _learn_preferred(self, client: Any) -> tuple[list[int], float]:
        first = self._territory.preferred
        if first is None:
            return [], 0.0
        found = [c for city in first.cities for c in _json(client, f"/customers?city={quote(city)}", "/customers?city=")]
        if not found:
            raise NotLearnt(f"there is no customer in {', '.join(first.cities)}")
        preferred = [int(customer["id"]) for customer in found]
        self._stream.shuffle(preferred)
        return preferred, first.share

    def read_customer(self, client: Any) -> Any:
        """One customer's card."""
        return self._read(client, f"/customers/{self._customer()}", "/customers/[id]")

    def list_city(self, client: Any) -> Any:
        """The customers of one city, before a tour."""
        first = self._territory.preferred
        favoured = first is not None and self._stream.random() < first.share
        city = self._stream.choice(first.cities if first is not None and favoured else self._territory.cities)
        return client.get(f"/customers?city={quote(city)}", name="/customers?city=")

    def read_orders(self, client: Any) -> Any:
        """What a customer has ordered."""
        return self._read(client, f"/customers/{self._customer()}/orders", "/customers/[id]/orders")

    def read_order(self, client: Any) -> Any:
        """One order."""
        return self._read(client, f"/orders/{self._order()}", "/orders/[id]")

    def read_again(self, client: Any) -> Any:
        """Something read before, only if it has changed since; where nothing has been read yet, an order."""
        if not self._tags:
            return self.read_order(client)
        path = self._stream.choice(list(self._tags)[-64:])
        headers = {"If-None-Match": self._tags[path]}
        return self._read(client, path, "(if changed)", headers)

    def place_order(self, client: Any) -> Any:
        """An order of one to four things of the season's assortment."""
        skus = self._stream.sample(
            self._profile.assortment, k=min(len(self._profile.assortment), self._stream.randint(1, 4))
        )
        items = [{"sku": sku, "quantity": self._stream.randint(1, 24)} for sku in skus]
        return client.post("/orders", json={"customerId": self._customer(), "items": items}, name="/orders")

    def request_sample(self, client: Any) -> Any:
        """A sample of something of the season's assortment."""
        body = {"customerId": self._customer(), "sku": self._stream.choice(self._profile.assortment)}
        return client.post("/samples", json=body, name="/samples")

    def change_customer(self, client: Any) -> Any:
        """A new telephone number. Cities stay as they are, so that lists by city keep their length."""
        phone = f"+49 89 {self._stream.randint(1_000_000, 9_999_999)}"
        return client.patch(f"/customers/{self._customer()}", json={"phone": phone}, name="/customers/[id]")

    def _customer(self) -> int:
        if self._customers is None:
            raise NotLearnt("learn() comes before the first request")
        return self._customers.choose(self._stream)

    def _order(self) -> int:
        if self._orders is None:
            raise NotLearnt("learn() comes before the first request")
        return self._orders.choose(self._stream)

    def _read(self, client: Any, path: str, name: str, headers: dict[str, str] | None = None) -> Any:
        response = client.get(path, name=name, headers=headers)
        tag = (response.headers or {}).get("ETag")
        if tag and response.status_code == 200:
            self._tags[path] = tag
            self._tags.move_to_end(path)
            if len(self._tags) > KNOWN_TAGS:
                self._tags.popitem(last=False)
        return response


def _json(client: Any, path: str, name: str) -> Any:
    """The body of a 200, else NotLearnt with what came instead."""
    response = client.get(path, name=name)
    if response.status_code != 200:
        came = f"HTTP {response.status_code}" if response.status_code else f"no answer ({response.error})"
        raise NotLearnt(f"GET {path}: {came}")
    try:
        return response.json()
    except ValueError:
        raise NotLearnt(f"GET {path} does not answer with JSON") from None


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    season = Path(__file__).with_name("oktoberfest.yaml")
    parser.add_argument(
        "--season-profile", default=str(season), help="The season's profile (YAML), for the mix of requests."
    )
    parser.add_argument("--territory", default="DE", help="The territory that --host serves: DE, CH or AT.")


class CrmUser(FastHttpUser):
    """One user in Locust's own closed model: thinks for a moment, then does one of the season's operations."""

    wait_time = between(0.5, 2.0)

    def on_start(self) -> None:
        """Learn the ids once per user."""
        options = self.environment.parsed_options
        profile = load_profile(Path(options.season_profile))
        mix = profile.mix()
        self._names, self._weights = list(mix), list(mix.values())
        self._stream = random.Random()  # noqa: S311 - a choice of customers, no secret
        self._crm = Crm(profile, options.territory, self._stream)
        self._crm.learn(self.client)

    @task
    def act(self) -> None:
        """One operation, by the weights of the profile."""
        (name,) = self._stream.choices(self._names, self._weights)
        getattr(self._crm, name)(self.client)
