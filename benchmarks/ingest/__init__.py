"""How fast a Singer stream lands, what that costs, and whether what landed is what was sent."""
