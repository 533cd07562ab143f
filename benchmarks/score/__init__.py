"""How true the canonical answers are, held against a simulated network that knows the truth."""
