"""Hostile Singer streams, and an oracle that says what a careful target makes of them."""
