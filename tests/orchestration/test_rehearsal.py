"""A changed contract is tried on what the lake held after past builds, before it holds anything."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import contracts
from contracts import Contract, CrossdockError
from orchestration import build
from orchestration.hub import Hub
from orchestration.rehearsal import rehearse
from orchestration.settings import Settings

TEXT = """\
apiVersion: v3.1.0
kind: DataContract
id: test.shop
name: shop
version: 1.0.0
status: active
domain: sources
team: {name: shop-team}
support: [{channel: '#shop', tool: slack}]
schema:
  - name: articles
    logicalType: object
    physicalType: table
    properties:
      - {name: sku, logicalType: string, physicalType: VARCHAR, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: qty, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: {minimum: MIN}}
"""  # noqa: E501


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub with three builds: all well, one quantity of 3, one of -1."""
    made = Hub(Settings(home=tmp_path / "home"))
    made.lake.create()
    with made.lake.connect() as con:
        con.execute("create schema lake.shop")
        con.execute("create table lake.shop.articles (sku varchar, qty bigint)")
        con.execute("insert into lake.shop.articles values ('A', 7), ('B', 7)")
    built(made)
    for qty in (3, -1):
        with made.lake.connect() as con:
            con.execute("update lake.shop.articles set qty = ? where sku = 'A'", [qty])
        built(made)
    return made


def built(hub: Hub, ago: timedelta = timedelta()) -> None:
    row = {"build_id": uuid.uuid4().hex, "source_mark": "1@x"}
    row |= {"finished_at": datetime.now(UTC) - ago}
    hub.lake.append(build.TABLE, pa.Table.from_pylist([row], schema=build._SCHEMA))


def contract(folder: Path, minimum: int) -> Contract:
    place = folder / str(minimum) / "sources"
    place.mkdir(parents=True)
    (place / "shop.odcs.yaml").write_text(TEXT.replace("MIN", str(minimum)))
    return contracts.read("sources/shop", place.parent)


def test_a_stricter_rule_tells_what_it_would_have_held_and_in_how_many_builds(
    hub: Hub, tmp_path: Path
) -> None:
    was, now = contract(tmp_path, -5), contract(tmp_path, 5)
    found = rehearse(hub, [(was, now)], days=1)
    assert len(found.builds) == 3
    (one,) = found.outcomes
    assert one.verdict.rule == "qty.minimum" and one.builds == 2 and one.would_block
    assert one.was is not None and one.was.status == "passed"
    assert one.verdict.sample and one.verdict.sample[0].startswith("sku=A, qty=")
    with hub.lake.connect(read_only=True) as con:
        left = con.execute("select qty from lake.shop.articles order by all").fetchall()
    assert left == [(-1,), (7,)], "nothing was changed by it"


def test_a_looser_rule_tells_what_it_would_let_through_and_blocks_nothing(
    hub: Hub, tmp_path: Path
) -> None:
    (one,) = rehearse(hub, [(contract(tmp_path, 0), contract(tmp_path, -5))], days=1).outcomes
    assert one.was is not None and one.was.status == "failed" and one.builds == 1
    assert not one.would_block


def test_a_new_contract_and_one_taken_away_are_rehearsed_too(hub: Hub, tmp_path: Path) -> None:
    strict = contract(tmp_path, 5)
    (new,) = rehearse(hub, [(None, strict)], days=1).outcomes
    assert new.was is None and new.would_block
    (gone,) = rehearse(hub, [(strict, None)], days=1).outcomes
    assert gone.now is None and not gone.would_block


def test_what_is_the_same_on_every_build_is_not_listed(hub: Hub, tmp_path: Path) -> None:
    assert rehearse(hub, [(contract(tmp_path, -5), contract(tmp_path, -6))], days=1).outcomes == ()


def test_builds_whose_state_is_forgotten_are_no_states_to_rehearse_on(
    hub: Hub, tmp_path: Path
) -> None:
    with hub.lake.lock(), hub.lake.connect() as con:
        con.execute("call ducklake_expire_snapshots('lake', older_than => now())")
        con.execute(f"delete from lake.{build.TABLE}")
    built(hub, ago=timedelta(hours=3))  # its snapshot is of today
    with pytest.raises(CrossdockError, match="No build of the last 1 days is left"):
        rehearse(hub, [(contract(tmp_path, 0), contract(tmp_path, 5))], days=1)
