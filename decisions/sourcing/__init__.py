"""The parts of order sourcing: problem, freight, plans, search, stock value."""
