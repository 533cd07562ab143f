"""Where the nodes and the customers are, and how far apart."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from math import cos, hypot, radians


@dataclass(frozen=True)
class Place:
    """A city with one of its postal codes."""

    city: str
    state: str
    postal: str


@dataclass(frozen=True)
class Node:
    """A place that stocks goods; `gln` is the running number of its GLN."""

    code: str
    name: str
    kind: str
    place: Place
    tz: str
    lat: Decimal
    lon: Decimal
    gln: int
    share: float

    @property
    def is_own(self) -> bool:
        """Whether it runs our WMS; the other speaks X12."""
        return self.kind != "3pl"

    @property
    def zone(self) -> str:
        """Freight zone: country and first postal digit."""
        return zone(self.place.postal)


NODES = (
    Node(
        "RNO", "Reno fulfilment centre", "fc", Place("Reno", "NV", "89506"), "America/Los_Angeles",
        Decimal("39.652000"), Decimal("-119.874000"), 1, 0.36,
    ),
    Node(
        "CMH", "Columbus distribution centre", "dc", Place("Columbus", "OH", "43217"),
        "America/New_York", Decimal("39.816000"), Decimal("-82.936000"), 2, 0.38,
    ),
    Node(
        "ATL", "Atlanta third-party warehouse", "3pl", Place("Atlanta", "GA", "30336"),
        "America/New_York", Decimal("33.733000"), Decimal("-84.553000"), 3, 0.26,
    ),
)  # fmt: skip
NODE = {node.code: node for node in NODES}
OWN = tuple(node for node in NODES if node.is_own)
THREEPL = next(node for node in NODES if not node.is_own)

# Roughly the middle of what each first postal digit covers, and its share of parcels.
_REGION = {
    "0": (42.0, -72.5, 9), "1": (41.2, -75.5, 12), "2": (37.8, -78.5, 11), "3": (31.5, -84.0, 15),
    "4": (40.4, -84.0, 11), "5": (44.0, -93.5, 6), "6": (40.0, -90.5, 8), "7": (31.5, -95.0, 12),
    "8": (38.5, -109.5, 6), "9": (38.0, -120.5, 10),
}  # fmt: skip
DESTINATIONS = tuple(_REGION)
DESTINATION_WEIGHTS = tuple(share for _, _, share in _REGION.values())

_CITIES = """
02108 MA Boston
07102 NJ Newark
06103 CT Hartford
10001 NY New York
19103 PA Philadelphia
14202 NY Buffalo
21201 MD Baltimore
28202 NC Charlotte
23219 VA Richmond
33130 FL Miami
37203 TN Nashville
30303 GA Atlanta
43215 OH Columbus
48226 MI Detroit
46204 IN Indianapolis
55401 MN Minneapolis
53202 WI Milwaukee
50309 IA Des Moines
60601 IL Chicago
63101 MO St. Louis
68102 NE Omaha
75201 TX Dallas
77002 TX Houston
70112 LA New Orleans
80202 CO Denver
85004 AZ Phoenix
84101 UT Salt Lake City
90012 CA Los Angeles
98101 WA Seattle
94103 CA San Francisco
"""
PLACE = {line[:5]: Place(line[9:], line[6:8], line[:5]) for line in _CITIES.strip().splitlines()}
CITIES = {
    digit: tuple(place for place in PLACE.values() if place.postal[0] == digit)
    for digit in DESTINATIONS
}


def zone(postal: str) -> str:
    """Freight zone of a US postal code."""
    return f"US-{postal[0]}"


@cache
def distance_km(orig_postal: str, dest_postal: str) -> int:
    """Kilometres between the regions of two postal codes, on a flat projection; never below 150."""
    (lat1, lon1, _), (lat2, lon2, _) = _REGION[orig_postal[0]], _REGION[dest_postal[0]]
    across = (lon2 - lon1) * cos(radians((lat1 + lat2) / 2))
    return max(150, round(111.2 * hypot(lat2 - lat1, across)))


@cache
def nearest_nodes(dest_postal: str) -> tuple[Node, ...]:
    """Nodes by distance from a customer, nearest first."""
    return tuple(sorted(NODES, key=lambda n: (distance_km(n.place.postal, dest_postal), n.code)))
