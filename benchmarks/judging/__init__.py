"""What it costs to hold a table against its contract, beside one SQL scan written by hand."""
