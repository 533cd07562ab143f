"""Kill loads and maintenance at any moment, and see that nothing is lost, doubled or ahead."""
