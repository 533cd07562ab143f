"""Who is told when something breaks, in which words, and by which way: see ALERTS.md."""
