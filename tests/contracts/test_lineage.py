"""Canonical columns lead back to source fields, or are said to be unknown."""

# ruff: noqa: E501 - a case, a query or a contract's column a line

import pytest

from contracts import ContractError
from contracts.compiled import Model
from contracts.lineage import Lineage

SOURCES = {
    "wms.stock": {"sku": "VARCHAR", "qty": "DECIMAL(18,6)", "state": "VARCHAR", "tags": "JSON"}
}


def lineage(**queries: str) -> Lineage:
    """Trace models given as name=SQL; each may read the sources and those before it."""
    known, models = set(SOURCES), []
    for name, sql in queries.items():
        relation = f"canonical.{name}"
        upstream = frozenset(up for up in known if up.split(".")[1] in sql)
        models.append(Model(relation, sql, upstream))
        known.add(relation)
    return Lineage(models, SOURCES)


STG = "with source as (select * from lake.wms.stock), renamed as (select sku, qty * 2 as twice, state, tags from source) select * from renamed"


def test_a_value_leads_through_stars_and_models_to_its_source() -> None:
    traced = lineage(
        stg=STG,
        final="select sku, sum(twice) as total, count(*) as n from lake.canonical.stg group by sku",
    )
    assert traced.sources_of("final", "total") == {"wms.stock.qty"}
    assert traced.sources_of("final", "n") == frozenset()
    assert traced.tables_of("final") == {"wms.stock"}


def test_a_step_leads_one_model_back_and_a_constant_nowhere() -> None:
    traced = lineage(stg=STG, final="select sum(twice) as total, 1 as one from lake.canonical.stg")
    assert traced.step_of("final", "total") == {"canonical.stg.twice"}
    assert traced.step_of("stg", "twice") == {"wms.stock.qty"}
    assert traced.step_of("final", "one") == frozenset()
    assert traced.step_of("stock", "qty", schema="wms") is None
    assert set(traced.steps_of("final")) == {"total", "one"}


def test_a_mapped_code_leads_to_the_raw_code_and_not_to_the_code_table() -> None:
    traced = lineage(
        codes="select 'A' as raw, 'available' as canonical union all select 'D', 'damaged'",
        final="select stock.sku, codes.canonical as state from lake.wms.stock as stock "
        "left join lake.canonical.codes as codes on stock.state = codes.raw",
    )
    assert traced.sources_of("final", "state") == {"wms.stock.state"}


def test_an_unnested_list_leads_to_its_column() -> None:
    traced = lineage(
        final="select stock.sku, json_extract_string(tag.value, '$.name') as name "
        "from lake.wms.stock as stock cross join json_each(stock.tags) as tag"
    )
    assert traced.sources_of("final", "name") == {"wms.stock.tags"}


@pytest.mark.parametrize(
    "sql",
    [
        "select * exclude (qty) from lake.wms.stock",
        "select sku from lake.wms.stock union by name select sku from lake.wms.stock",
        "pivot lake.wms.stock on state using sum(qty)",
        "select sku from lake.elsewhere.unknown",
    ],
)
def test_what_cannot_be_followed_is_unknown_and_not_guessed(sql: str) -> None:
    assert lineage(final=sql).sources_of("final", "sku") is None


def test_an_unknown_model_or_column_lists_the_valid_ones() -> None:
    with pytest.raises(
        ContractError, match=r"no model 'canonical.nothing'. There are: canonical.stg"
    ):
        lineage(stg=STG).sources_of("nothing", "x")
    with pytest.raises(ContractError, match=r"has no column 'x'. It has: sku, twice"):
        lineage(stg=STG).sources_of("stg", "x")
