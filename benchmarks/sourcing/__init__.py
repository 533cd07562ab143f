"""How far order sourcing is from the optimum, and what a decision costs in CPU time."""
