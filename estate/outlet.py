"""How a closed day leaves the simulation: files, databases, then the truth, each at one stroke.

The truth comes last: a crash before it means that the same day is played again with the same
outcome, over rows and files that are replaced by themselves.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Date, inspect, select

from estate.deeds import Deed
from estate.faults import BENDS, FAULTS, MARKS, Bend, plain
from estate.renaming import RENAMINGS, Renaming
from estate.schema import SYSTEMS, TRUTH
from estate.store import EstateError, Key, Row, delete, engine_for, upsert
from estate.swings import Swing
from estate.tracking_faults import Telling
from estate.world import World


class Outlet:
    """The databases and the drop folder of an estate."""

    def __init__(self, home: Path, urls: Mapping[str, str]) -> None:
        self.urls = dict(urls)
        self.drop_folder = home / "x12"
        self.truth = engine_for(f"sqlite:///{home / 'truth.sqlite'}")
        self._systems = {system: engine_for(urls[system]) for system in SYSTEMS}

    def create_tables(self, given: set[str]) -> None:
        """Make every table anew, also those that a creation cut short has left behind.

        Raises EstateError where a database that somebody has `given` holds such tables: they may
        be anybody's.
        """
        for system, metadata in SYSTEMS.items():
            engine = self._systems[system]
            taken = set(inspect(engine).get_table_names()) & set(metadata.tables)
            if system in given and taken:
                tables = ", ".join(sorted(taken))
                raise EstateError(
                    f"The database given for the {system.upper()} has tables {tables}."
                    " Give an empty one, or drop them if they are an estate's."
                )
            metadata.drop_all(engine)
            metadata.create_all(engine)
        metadata = TRUTH["net.meta"].metadata
        metadata.drop_all(self.truth)
        metadata.create_all(self.truth)
        for name in ("inbound", "outbound"):
            folder = self.drop_folder / name
            folder.mkdir(parents=True, exist_ok=True)
            for left in (*folder.glob("*.edi"), *folder.glob("*.edi.tmp")):
                left.unlink()

    def bring_up_to_date(self) -> None:
        """Give the truth of an estate of an earlier version the tables that it lacks."""
        TRUTH["net.meta"].metadata.create_all(self.truth)

    def save(self, world: World, *statements: str) -> None:
        """Write the network's settings, after statements that truth.sqlite needs for them."""
        with self.truth.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
            self._write_meta(connection, world)

    def write(self, world: World) -> None:
        """Write what the day changed."""
        for name, content in world.files.items():
            self._put_file(name, content)
        world.files.clear()
        for system in SYSTEMS:
            names = [name for name in TRUTH if name.startswith(f"{system}.")]
            rows = {name: world.book.dirty[name].values() for name in names}
            self._show(world, rows, world.book.gone)
        with self.truth.begin() as connection:
            for name, table in TRUTH.items():
                delete(connection, table, world.book.gone[name])
                upsert(connection, table, world.book.dirty[name].values())
            self._write_meta(connection, world)
        world.book.settle()

    def inject(self, world: World, name: str) -> None:
        """Show the sources' rows as the fault bends them from now on, or let it be committed."""
        fault = FAULTS[name]
        if isinstance(fault, Deed):
            self._commit(world, name, fault)
            return
        if isinstance(fault, Telling):
            with self.truth.begin() as connection:
                targets = fault.targets(connection, world, name)
                world.faults[name] = {"since": world.close.isoformat(), "targets": targets}
                self._retell(world, targets)
                self._write_meta(connection, world)
            return
        if isinstance(fault, Renaming | Swing):
            if isinstance(fault, Renaming):
                fault.rename(self._systems[fault.system])
            with self.truth.begin() as connection:
                world.faults[name] = {"since": world.close.isoformat(), "targets": []}
                self._write_meta(connection, world)
            return
        if fault.only_sqlite and self._systems[fault.system].dialect.name != "sqlite":
            raise EstateError(
                f"Fault '{name}' needs a database that takes text in a numeric column: SQLite does."
            )
        with self.truth.connect() as connection:
            world.faults[name] = {
                "since": world.close.isoformat(),
                "targets": fault.choose(connection, world),
            }
        self._reshow(world, [name])
        if fault.always is not None:
            self._catch_up(world, fault.system, world.at(0))

    def clear(self, world: World) -> None:
        """Show the sources' rows as they truly are, and have mended what was done wrong."""
        active, held = dict(world.faults), self._held(world)
        bent = [name for name in active if name in BENDS]
        for name in RENAMINGS.keys() & active.keys():
            RENAMINGS[name].undo(self._systems[RENAMINGS[name].system])
            del world.faults[name]
        for name in bent:
            del world.faults[name]
        if held is not None:
            self._catch_up(world, *held)
        for name in bent:
            if BENDS[name].always is not None:
                morning = datetime.combine(datetime.fromisoformat(active[name]["since"]), time())
                self._catch_up(world, BENDS[name].system, morning)
        self._reshow(world, bent, active)
        at = self._next_moment(world)
        for name, known in active.items():
            if isinstance(fault := FAULTS[name], Deed):
                with self.truth.connect() as connection:
                    fault.mend(connection, world, known["targets"], at)
                del world.faults[name]
            elif isinstance(fault, Swing):
                del world.faults[name]
            elif isinstance(fault, Telling):
                del world.faults[name]
                self._retell(world, known["targets"])
        self.write(world)

    def _retell(self, world: World, parcels: Iterable[int]) -> None:
        at = self._next_moment(world).isoformat()
        world.retold |= {str(seq): at for seq in parcels}

    def _commit(self, world: World, name: str, fault: Deed) -> None:
        at = self._next_moment(world)
        with self.truth.connect() as connection:
            targets = fault.commit(connection, world, name, at)
        world.faults[name] = {"since": world.close.isoformat(), "targets": targets}
        self.write(world)

    def _next_moment(self, world: World) -> datetime:
        """A time after the close at which something is shown anew, later each time."""
        return world.close + timedelta(seconds=world.number("fault"))

    def _reshow(self, world: World, names: list[str], known: dict[str, Any] | None = None) -> None:
        known = known or world.faults
        at = self._next_moment(world)
        rows: dict[str, list[Row]] = {}
        with self.truth.begin() as connection:
            for name in names:
                fault = BENDS[name]
                if fault.table is None:
                    continue
                for key in known[name]["targets"]:
                    row = self._true_row(connection, fault, key)
                    row["updated_at"] = at
                    rows.setdefault(fault.table, []).append(row)
            for table, changed in rows.items():
                upsert(connection, TRUTH[table], changed)
                alive = world.book.rows[table]
                for row in changed:
                    key = tuple(row[c.name] for c in TRUTH[table].primary_key)
                    if key in alive:
                        alive[key]["updated_at"] = at
            self._show(world, rows)
            # The truth commits last here as well: a crash before it leaves the fault on record.
            self._write_meta(connection, world)

    def bent_stock(self, world: World) -> list[Row]:
        """Figures of stock that a fault bends, as `discrepancies`; several of one place are one."""
        found: dict[tuple[str, str, str], Row] = {}
        for name, known in world.faults.items():
            fault = FAULTS[name]
            if not isinstance(fault, Bend) or fault.kind is None:
                continue
            with self.truth.connect() as connection:
                for key in known["targets"]:
                    row = self._true_row(connection, fault, key)
                    sku = world.catalogue.by_item[row["item_id"]].sku
                    place = (name, row["facility_code"], sku)
                    seen = found.setdefault(
                        place,
                        {
                            "fault": name, "system": fault.system, "node_code": place[1],
                            "sku": sku, "class": fault.kind, "qty": Decimal(0),
                        },
                    )  # fmt: skip
                    seen["qty"] += fault.bend(row, world)["qty"] - row["qty"]
        return [row for row in found.values() if row["qty"]]

    def _true_row(self, connection: Any, fault: Bend, key: list[Any]) -> Row:
        table = TRUTH[str(fault.table)]
        query = select(table)
        for column, value in zip(table.primary_key, key, strict=True):
            is_day = isinstance(column.type, Date)
            query = query.where(column == (date.fromisoformat(value) if is_day else value))
        return dict(connection.execute(query).mappings().one())

    def _show(
        self,
        world: World,
        rows: Mapping[str, Iterable[Row]],
        gone: Mapping[str, Iterable[Key]] | None = None,
    ) -> None:
        bends = [
            (BENDS[name], known["targets"]) for name, known in world.faults.items() if name in BENDS
        ]
        for system, engine in self._systems.items():
            if any(fault.silences == system for fault, _ in bends):
                continue
            with engine.begin() as connection:
                for name, changed in rows.items():
                    if not name.startswith(f"{system}."):
                        continue
                    table = SYSTEMS[system].tables[name.split(".")[1]]
                    delete(connection, table, (gone or {}).get(name, ()))
                    shown = [_bent(world, name, row, bends) for row in changed]
                    for fault in RENAMINGS.keys() & world.faults.keys():
                        if RENAMINGS[fault].table == name:
                            table, shown = RENAMINGS[fault].show(table, shown)
                    upsert(connection, table, shown)

    def _held(self, world: World) -> tuple[str, datetime] | None:
        for name, known in world.faults.items():
            bend = BENDS.get(name)
            if bend is not None and (system := bend.silences) is not None:
                return system, datetime.fromisoformat(known["since"])
        return None

    def _catch_up(self, world: World, system: str, since: datetime) -> None:
        with self.truth.connect() as connection:
            rows = {}
            for name, table in TRUTH.items():
                if name.startswith(f"{system}."):
                    mark = next(table.c[column] for column in MARKS if column in table.c)
                    found = connection.execute(select(table).where(mark > since)).mappings()
                    rows[name] = [dict(row) for row in found]
        self._show(world, rows)

    def _write_meta(self, connection: Any, world: World) -> None:
        rows = [{"name": name, "value": value} for name, value in world.to_meta().items()]
        upsert(connection, TRUTH["net.meta"], rows)

    def _put_file(self, name: str, content: bytes | None) -> None:
        path = self.drop_folder / name
        if content is None:
            path.unlink(missing_ok=True)
            return
        part = path.with_name(path.name + ".tmp")
        part.write_bytes(content)
        part.replace(path)


def _bent(world: World, name: str, row: Row, bends: list[tuple[Bend, list[list[Any]]]]) -> Row:
    for fault, targets in bends:
        if fault.table == name:
            key = [plain(row[column.name]) for column in TRUTH[name].primary_key]
            if key in targets:
                row = {**row, **fault.bend(row, world)}
    for fault, _ in bends:
        if fault.always is not None and name.startswith(f"{fault.system}."):
            row = {**row, **fault.always(row)}
    return row
