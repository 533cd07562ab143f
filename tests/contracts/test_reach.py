"""What could make a column wrong is upstream of it: its values and its rows, and nothing else."""

# ruff: noqa: E501 - a case or a query a line

import pytest

from contracts import ContractError
from contracts.compiled import Model
from contracts.reach import Reach, Upstream

SOURCES = {
    "wms.stock": ["sku", "bin", "qty", "state", "note", "tags"],
    "wms.bins": ["bin", "node", "colour"],
    "erp.items": ["sku", "price", "is_sold"],
}


def upstream(column: str, **queries: str) -> Upstream:
    """Return what lies upstream of a column of the last of some models, given as name=SQL."""
    known, models = set(SOURCES), []
    for name, sql in queries.items():
        read = frozenset(up for up in known if up.split(".")[1] in sql)
        models.append(Model(f"canonical.{name}", sql, read))
        known.add(f"canonical.{name}")
    own = {
        f"canonical.{name}": [column] for name in queries if f"canonical.{name}" in queries[name]
    }
    return Reach(models, {**SOURCES, **own}).upstream({models[-1].relation: [column]})


def sources(found: Upstream) -> set[str]:
    return {name for name in found.fields if not name.startswith("canonical.")}


def test_values_count_and_so_does_what_filters_joins_and_groups() -> None:
    found = upstream(
        "total",
        stg="select sku, bin, qty * 2 as twice, state, note from lake.wms.stock where state <> 'x'",
        final="select b.node, sum(s.twice) as total, max(s.note) as note from lake.canonical.stg as s "
        "join lake.wms.bins as b on s.bin = b.bin group by b.node",
    )
    assert sources(found) == {
        "wms.stock.qty", "wms.stock.state", "wms.stock.bin", "wms.bins.bin", "wms.bins.node",
    }  # fmt: skip
    assert found.is_reached_by("wms.stock", "qty")
    assert not found.is_reached_by("wms.stock", "note"), "another column of the same rows"
    assert not found.is_reached_by("wms.bins", "colour")
    assert found.is_reached_by("wms.bins", None), "rows of it may be missing"
    assert not found.is_reached_by("erp.items", None)
    assert found.is_reached_by("canonical.stg", "twice") and not found.is_reached_by("canonical.stg", "note")  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "counts"),
    [
        ("select s.sku as x from lake.wms.stock as s semi join lake.erp.items as i on s.sku = i.sku and i.is_sold", {"erp.items.sku", "erp.items.is_sold", "wms.stock.sku"}),
        ("select sku as x from lake.wms.stock where sku in (select sku from lake.erp.items where is_sold)", {"erp.items.sku", "erp.items.is_sold", "wms.stock.sku"}),
        ("select s.sku as x from lake.wms.stock as s where exists (select 1 from lake.erp.items as i where i.sku = s.sku)", {"erp.items.sku", "wms.stock.sku"}),
        ("select s.sku as x, (select max(price) from lake.erp.items as i where i.sku = s.sku) as p from lake.wms.stock as s", {"erp.items.sku", "erp.items.price", "wms.stock.sku"}),
        ("select sku as x from lake.wms.stock qualify row_number() over (partition by bin order by qty) = 1", {"wms.stock.sku", "wms.stock.bin", "wms.stock.qty"}),
        ("select sum(qty) over (partition by bin) as x from lake.wms.stock", {"wms.stock.bin", "wms.stock.qty"}),
        ("select sku as x from lake.wms.stock union all select sku from lake.erp.items", {"wms.stock.sku", "erp.items.sku"}),
        ("select 1 as x from lake.wms.stock", set()),
        ("select distinct sku as x, note from lake.wms.stock", {"wms.stock.sku", "wms.stock.note"}),
        ("select distinct on (bin) sku as x, note from lake.wms.stock order by qty", {"wms.stock.sku", "wms.stock.bin", "wms.stock.qty"}),
        ("select sku as x, note, sum(qty) as s from lake.wms.stock group by all", {"wms.stock.sku", "wms.stock.note", "wms.stock.qty"}),
        ("select sum(qty) as x, note from lake.wms.stock group by 2", {"wms.stock.qty", "wms.stock.note"}),
        ("select sum(qty) as x from lake.wms.stock having count(note) > 1", {"wms.stock.qty", "wms.stock.note"}),
        ("select sku as x from lake.wms.stock order by qty limit 3", {"wms.stock.sku", "wms.stock.qty"}),
        ("select x from (select sku as x, bin from lake.wms.stock) as s join lake.wms.bins as b using (bin)", {"wms.stock.sku", "wms.stock.bin", "wms.bins.bin"}),
        ("select s.sku as x from lake.wms.stock as s asof join lake.wms.bins as b on s.bin = b.bin and s.qty >= b.colour", {"wms.stock.sku", "wms.stock.bin", "wms.stock.qty", "wms.bins.bin", "wms.bins.colour"}),
        ("select max_by(sku, qty) filter (where state = 'a') as x from lake.wms.stock", {"wms.stock.sku", "wms.stock.qty", "wms.stock.state"}),
        ("select s.sku as x from lake.wms.stock as s, lateral (select max(b.node) as node from lake.wms.bins as b where b.bin = s.bin) as l", {"wms.stock.sku", "wms.stock.bin", "wms.bins.bin", "wms.bins.node"}),
        ("with recursive up as (select sku, bin from lake.wms.stock union all select up.sku, b.node from up join lake.wms.bins as b on up.bin = b.bin) select bin as x from up", {"wms.stock.bin", "wms.bins.node", "wms.bins.bin"}),
        ("select json_extract_string(tag.value, '$.n') as x from lake.wms.stock as s cross join json_each(s.tags) as tag", {"wms.stock.tags"}),
        ("select t.x from lake.wms.stock as s, unnest(s.tags) as t(x)", {"wms.stock.tags"}),
        ("select sku as x from lake.wms.stock except select sku from lake.erp.items", {"wms.stock.sku", "erp.items.sku"}),
        ("select final.x from lake.wms.stock as s left join lake.canonical.final as final on s.sku = final.x", {"wms.stock.sku"}),
    ],
)  # fmt: skip
def test_each_way_in_which_a_field_can_decide_is_seen(sql: str, counts: set[str]) -> None:
    found = upstream("x", final=sql)
    assert not found.whole
    assert sources(found) == counts
    assert {name.rpartition(".")[0] for name in counts} <= found.tables
    assert "wms.stock" in found.tables, "its rows count even where none of its columns does"


@pytest.mark.parametrize(
    "sql",
    [
        "pivot lake.wms.stock on state using sum(qty)",
        "select * from lake.wms.stock union all by name select * from lake.erp.items",
        "select nobody.knows as x from lake.wms.stock",
        "select place.sku as x from place",
        "this is no sql",
    ],
)
def test_what_cannot_be_followed_comes_from_everything_behind_it(sql: str) -> None:
    found = upstream("x", stg="select sku, qty from lake.wms.stock", final=f"{sql} -- stg")
    assert {"canonical.final", "wms.stock"} <= found.whole
    assert found.is_reached_by("wms.stock", "note")
    assert not found.is_reached_by("wms.bins", None)


def downstream() -> Reach:
    stg = Model(
        "staging.stock",
        "select sku, qty * 2 as twice, note from lake.wms.stock where state <> 'x'",
        frozenset({"wms.stock"}),
    )
    final = Model(
        "canonical.final",
        "select s.sku, s.twice, 1 as one from lake.staging.stock as s join lake.erp.items as i on s.sku = i.sku",
        frozenset({"staging.stock", "erp.items"}),
    )
    return Reach([stg, final], SOURCES)


@pytest.mark.parametrize(
    ("column", "reached"),
    [
        ("qty", {"staging.stock": {"twice"}, "canonical.final": {"twice"}}),
        ("note", {"staging.stock": {"note"}}),
        ("bin", {}),
        (
            "state",
            {
                "staging.stock": {"sku", "twice", "note", "*"},
                "canonical.final": {"sku", "twice", "one", "*"},
            },
        ),
    ],
)
def test_downstream_is_upstream_seen_from_the_other_side(
    column: str, reached: dict[str, set[str]]
) -> None:
    reach = downstream()
    assert reach.downstream("wms.stock", column) == reached
    for dataset, names in reached.items():
        for name in names - {"*"}:
            found = reach.upstream({dataset: [name]})
            assert found.is_reached_by("wms.stock", column), (dataset, name)
    assert not reach.upstream({"canonical.final": ["twice"]}).is_reached_by("wms.stock", "note")


def test_a_whole_table_reaches_what_each_of_its_fields_does_and_its_rows() -> None:
    assert downstream().downstream("erp.items", None) == {
        "canonical.final": {"sku", "twice", "one", "*"}
    }
    with pytest.raises(ContractError, match=r"wms\.stock has no column 'qyt'\. Did you mean 'qty'"):
        downstream().downstream("wms.stock", "qyt")
    with pytest.raises(ContractError, match=r"No table is 'wms\.stok'\. Did you mean 'wms\.stock'"):
        downstream().downstream("wms.stok", None)
