"""What the business wants of order sourcing."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

Amount = Decimal


def _amount(default: str, description: str) -> Amount:
    value: Amount = Field(default=Decimal(default), ge=0, decimal_places=4, description=description)
    return value


class SourcingPolicy(BaseModel):
    """Weights, limits and thresholds; amounts are in `currency`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(
        default="USD", pattern="^[A-Z]{3}$", description="ISO 4217; rates of another are left out."
    )
    handling_days: int = Field(default=1, ge=0, description="Days from decision to carrier.")
    handling_per_shipment: Amount = _amount("1.50", "Handling of a shipment.")
    handling_per_unit: Amount = _amount("0.30", "Handling of a base unit at an own node.")
    handling_per_unit_3pl: Amount = _amount("0.45", "Handling of a base unit at a 3PL.")
    split_penalty: Amount = _amount("3.00", "For each shipment of an order beyond the first.")
    late_per_day: Amount = _amount("4.00", "For each shipment and day after promised_by.")
    stopped: tuple[str, ...] = Field(
        default=(),
        description="Scopes that nothing is given to, such as node:NJ01 or carrier:UPS; the hub "
        "adds those whose breakers are open.",
    )
    use_stock_value: bool = Field(
        default=True, description="Price scarce stock by what other open orders would pay for it."
    )
    max_nodes: int = Field(default=3, ge=1, le=3, description="Nodes an order may ship from.")
    candidate_nodes: int = Field(default=10, ge=1, le=20, description="Nodes looked at an order.")
    max_plans: int = Field(
        default=20_000, ge=0, description="Allocations priced an order, then the greedy plan."
    )
    max_options: int = Field(default=12, ge=1, description="Priced options kept a decision.")
    hold_above_cost_ratio: Amount = _amount("2", "Ask a person above this multiple of the bound.")
    hold_above_shipments: int = Field(default=2, ge=1, description="Ask a person above it.")
    hold_above_late_days: int = Field(default=3, ge=0, description="Ask a person above it.")
    hold_above_total: Amount = _amount(
        "5000", "Ask a person above this order total, in the currency of the order."
    )
