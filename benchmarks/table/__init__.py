"""A database table into the lake: our two lanes, the tap that others use, DuckDB's scanner."""
