"""Column lineage as Dagster shows it: of a built model's columns, those that they are made of."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from contracts.lineage import Lineage


def column_lineage(lineage: "Lineage", key: dg.AssetKey) -> dg.TableColumnLineage:
    """Return each column of a model's asset with the columns one step upstream.

    A column whose lineage is unknown, or that comes from no other, stands with none. What an
    incremental model takes from itself is left out: it comes from where it came from before.
    """
    schema, table = key.path[-2:]
    own = f"{schema}.{table}."
    return dg.TableColumnLineage(
        {
            column: [_dep(field) for field in sorted(behind or ()) if not field.startswith(own)]
            for column, behind in lineage.steps_of(table, schema=schema).items()
        }
    )


def _dep(field: str) -> dg.TableColumnDep:
    schema, table, column = field.split(".", 2)
    return dg.TableColumnDep(asset_key=dg.AssetKey([schema, table]), column_name=column)
