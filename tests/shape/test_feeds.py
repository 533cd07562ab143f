"""Every contract has a feed, and every feed a contract."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import contracts
from decisions import jobs

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "transforms" / "models"


def test_every_source_has_a_contract_and_every_source_contract_a_source() -> None:
    listed = yaml.safe_load((ROOT / "sources.yaml").read_text("utf-8"))["sources"]
    # Stewards answer on the command line (`crossdock tasks`), not through a tap.
    assert {*listed, "steward"} == {contract.name for contract in contracts.read_all("sources")}


def test_every_canonical_contract_has_one_model_and_every_model_a_contract() -> None:
    models = {path.stem for path in (MODELS / "canonical").glob("*.sql")}
    assert models == {contract.name for contract in contracts.read_all("canonical")}


@pytest.mark.parametrize("contract", contracts.read_all("canonical"), ids=lambda c: c.name)
def test_an_entity_that_no_source_feeds_says_so_in_its_contract_and_in_its_model(
    contract: contracts.Contract,
) -> None:
    (table,) = contract.tables
    model = (MODELS / "canonical" / f"{contract.name}.sql").read_text("utf-8")
    wanted = f"{{{{ unfed('{contract.name}') }}}}\n"
    assert (model == wanted) == (not table.fed), "fed: false and `unfed` belong together"
    if not table.fed:
        assert not [rule.id for rule in table.rules if rule.kind == "rowCount"]


@pytest.mark.parametrize("contract", contracts.read_all("sources"), ids=lambda c: c.name)
def test_every_raw_table_has_a_staging_model(contract: contracts.Contract) -> None:
    staged = {path.stem for path in (MODELS / "staging").rglob("stg_*.sql")}
    missing = {t.name for t in contract.tables if f"stg_{contract.name}__{t.name}" not in staged}
    assert not missing


@pytest.mark.parametrize("tap", ["tap-x12", "tap-easypost"])
def test_a_tap_with_streams_of_its_own_offers_each_contracted_one(tap: str) -> None:
    listed = yaml.safe_load((ROOT / "sources.yaml").read_text("utf-8"))["sources"]
    name = next(name for name, source in listed.items() if source["tap"] == tap)
    config = {"path": str(ROOT), "timezone": "UTC", "api_key": "k", "base_url": "http://127.0.0.1"}
    catalog = subprocess.run(
        [Path(sys.executable).parent / tap, "--config", "/dev/stdin", "--discover"],
        input=json.dumps(config),
        capture_output=True,
        text=True,
        check=True,
    )
    offered = {stream["tap_stream_id"] for stream in json.loads(catalog.stdout)["streams"]}
    assert offered == {table.name for table in contracts.read(f"sources/{name}").tables}


def test_a_job_reads_only_columns_that_a_contract_promises() -> None:
    for job in jobs().values():
        for entity, columns in job.reads.items():
            promised = {c.name for c in contracts.read(f"canonical/{entity}").table(entity).columns}
            assert set(columns) <= promised, f"{job.name} reads {set(columns) - promised}"
