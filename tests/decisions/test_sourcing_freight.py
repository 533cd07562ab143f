"""What a shipment pays: the rate that holds, its break, fuel, and parcels."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from decisions import RunResult


def _freight(result: RunResult, no: str) -> str:
    uids = {d["subject_label"]: d["chosen_option_uid"] for d in result.decision.to_pylist()}
    options = result.decision_option.to_pylist()
    chosen = next(o for o in options if o["option_uid"] == uids[no])
    return str(json.loads(chosen["cost_parts"])["freight"])


def test_a_shipment_above_the_parcel_limit_pays_for_two_parcels(world: Any) -> None:
    world.rows["carrier_service"][0]["max_weight_g"] = 1000
    world.rows["carrier_service"][1]["is_deleted"] = True
    world.order("SO-1", "US-4", ("AA-1", 4))
    assert _freight(world.run(), "SO-1") == "12.0000"  # two parcels at 5, and 2 kg at 1


def test_the_rate_that_holds_today_counts_with_its_break_and_fuel(world: Any) -> None:
    more = {"fuel_pct": Decimal(10), "transit_days": 2}
    world.rate("UPS Ground", "US-4", "US-6", "3", "1", **more)
    world.rate("UPS Ground", "US-4", "US-6", "2", "1", valid_from=date(2026, 3, 1), **more)
    world.rate("UPS Ground", "US-4", "US-6", "1", "1", valid_from=date(2026, 4, 1), **more)
    world.rate("UPS Ground", "US-4", "US-6", "4", "0.50", break_g=1000, **more)
    world.rate("UPS Ground", "US-4", "US-6", "0", "0", break_g=500, currency="CAD")
    world.order("SO-1", "US-6", ("AA-1", 1))
    world.order("SO-2", "US-6", ("AA-1", 2))
    result = world.run()
    freight = [_freight(result, no) for no in ("SO-1", "SO-2")]
    assert freight == ["2.7500", "4.9500"]
