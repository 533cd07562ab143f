"""Rows of facts as the table that Dagster shows with a run, an asset or a check."""

from collections.abc import Iterable, Mapping

import dagster as dg


def tabulated(
    columns: Mapping[str, str], rows: Iterable[Iterable[str | int | float | bool]]
) -> dg.TableMetadataValue:
    """Return rows as metadata; `columns` gives each column's Dagster type, in the rows' order."""
    return dg.TableMetadataValue(
        records=[dg.TableRecord(dict(zip(columns, row, strict=True))) for row in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn(*column) for column in columns.items()]),
    )
