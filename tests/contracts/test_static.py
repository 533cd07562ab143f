"""A model that does not keep its contract is told before anything runs."""

import contracts
from contracts import Contract, Table
from contracts.compiled import Model
from contracts.model import Column
from contracts.static import bind

FACILITIES = frozenset({"wms.facilities"})


def entity(*columns: tuple[str, str]) -> list[Contract]:
    """A canonical contract on `place`, beside the real source contracts."""
    listed = tuple(Column(n, t, "string", True, False, {}, None, "") for n, t in columns)
    table = Table("place", listed, (), None, False, "")
    wms = contracts.read("sources/wms")
    return [wms, Contract("place", "canonical", "1", "o", "#o", "", (table,), wms.path)]


def model(sql: str, name: str = "canonical.place") -> Model:
    return Model(name, sql, FACILITIES)


def said(sql: str) -> list[str]:
    return [str(p) for p in bind([model(sql)], entity(("code", "VARCHAR"), ("n", "BIGINT")))]


def test_a_model_that_keeps_its_contract_is_no_problem() -> None:
    assert (
        said("select facility_code as code, count(*) as n from lake.wms.facilities group by all")
        == []
    )


def test_a_wrong_type_is_told_with_both_types_and_the_mend() -> None:
    (problem,) = said("select facility_code as code, 1::INTEGER as n from lake.wms.facilities")
    assert problem.startswith("canonical.place.n: is INTEGER; it must be BIGINT. Mend transforms/")


def test_missing_added_and_misplaced_columns_are_told() -> None:
    assert "is missing" in said("select facility_code as code from lake.wms.facilities")[0]
    added = said("select facility_code as code, 1::BIGINT as n, 2 as m from lake.wms.facilities")
    assert "canonical.place.m: is not in the contract" in added[0]
    swapped = said("select 1::BIGINT as n, facility_code as code from lake.wms.facilities")
    assert "is column 1, where code must be" in swapped[0]


def test_a_column_that_the_source_does_not_have_is_told_once() -> None:
    broken = model("select facility as code, 1::BIGINT as n from lake.wms.facilities")
    after = Model(
        "canonical.later", "select m from lake.canonical.place", frozenset({"canonical.place"})
    )
    problems = bind([broken, after], entity(("code", "VARCHAR"), ("n", "BIGINT")))
    assert [p.where for p in problems] == ["canonical.place"]
    assert "facility" in problems[0].what


def test_a_contract_without_a_model_and_a_model_without_a_contract_are_told() -> None:
    stray = model("select 1 as one", "canonical.stray")
    assert [p.where for p in bind([stray], entity(("code", "VARCHAR")))] == [
        "canonical.place",
        "canonical.stray",
    ]
