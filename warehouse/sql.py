"""Quote names and texts for DuckDB, the only way that either gets into a statement."""

from pathlib import Path


def name(*parts: str) -> str:
    """Return a quoted, dotted identifier: `name('lake', 'erp', 'a"b')` is `"lake"."erp"."a""b"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def text(value: str | Path) -> str:
    """Return a quoted string literal, for the few statements that take no parameters."""
    return "'" + str(value).replace("'", "''") + "'"
