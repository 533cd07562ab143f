"""What a careful target makes of a hostile stream, reckoned line by line in plain Python.

The oracle says of each line whether it must be loaded, must be held back, or may be either. It
takes the target's word for the last only, and says what then has to be in each table.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.hostile import values
from benchmarks.hostile.values import Pairs

OURS = {
    "_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at", "_sdc_sequence",
    "_sdc_table_version", "_load_id", "_row_hash",
}  # fmt: skip
DELETED = "_sdc_deleted_at"
DUCKLAKES = {"rowid", "row_id", "begin_snapshot", "end_snapshot"}
TYPES = {"string", "integer", "number", "boolean", "object", "array", "null"}


@dataclass
class Row:
    """A row that must be stored: the values as they were sent, and which version marked it."""

    values: dict[str, Any]
    version: int | None
    deleted: Any = None
    line: int = 0


@dataclass
class Table:
    """What a stream has come to: how it is declared now, what it was declared as, its rows."""

    is_sound: bool = False
    properties: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()
    first_keys: tuple[str, ...] | None = None
    declared: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[Any, Row] = field(default_factory=dict)
    loaded: int = 0
    has_odd_versions: bool = False

    @property
    def meets(self) -> bool:
        """Whether two of its columns, of now and of before, have one name to a database."""
        return len({name.lower() for name in self.declared}) < len(self.declared)


class Oracle:
    """Reads the bytes of a load beside what the target held back of it."""

    def __init__(self, held: Collection[int], *, line_bytes: int, depth: int) -> None:
        self._held, self._line_bytes, self._depth = held, line_bytes, depth
        self.tables: dict[str, Table] = {}
        self.units = 0
        self.states: list[Any] = []
        self.units_before_state: list[int] = []
        self.lines: dict[int, tuple[int, bytes]] = {}
        self.faults: list[str] = []

    def read(self, data: bytes) -> "Oracle":
        """Take a whole input; `faults` says where the target went wrong."""
        offset = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        for number, raw in enumerate(data[offset:].split(b"\n"), 1):
            self.lines[number] = (offset, raw)
            offset += len(raw) + 1
            if raw.strip():
                self._line(number, raw)
        return self

    def _line(self, number: int, raw: bytes) -> None:
        message = self._parse(raw)
        fields: Mapping[str, Any] = dict(message or ())
        control = {"SCHEMA": self._schema, "STATE": self._state, "ACTIVATE_VERSION": self._activate}
        kind = fields.get("type")
        act: Callable[[], Any] | None = None
        if isinstance(kind, str) and kind in control:
            act = control[kind](fields)
            if act is not None:
                if number in self._held:
                    self.faults.append(f"line {number}: a sound {kind} was held back")
                act()
                return
        self.units += 1
        must = self._judge(fields) if kind == "RECORD" and type(kind) is str else False
        is_held = number in self._held
        if is_held is must:
            word = "good unit was held back" if is_held else "bad unit was loaded"
            self.faults.append(f"line {number}: a {word}")
        if not is_held and must is not False:
            self._load(number, fields)

    def _parse(self, raw: bytes) -> Pairs | None:
        if len(raw) > self._line_bytes:
            return None
        try:
            message = values.read(raw)
        except ValueError:
            return None
        sound = isinstance(message, Pairs) and not message.has_repeats()
        return message if sound and values.depth(message) <= self._depth else None

    def _schema(self, fields: Mapping[str, Any]) -> Callable[[], None] | None:
        name = fields.get("stream")
        if not isinstance(name, str) or not name or not values.is_text(name):
            return None
        table = self.tables.setdefault(name, Table())
        schema = _plain(fields.get("schema"))
        declared = schema.get("properties") if isinstance(schema, dict) else None
        meets = any(
            other != name and one.first_keys is not None and other.lower() == name.lower()
            for other, one in self.tables.items()
        )
        table.is_sound = not meets and _is_name(name) and _is_sound(declared)
        if not table.is_sound or declared is None or schema is None:
            return None
        keys = tuple(_plain(fields.get("key_properties")) or ())

        def act() -> None:
            table.properties, table.keys = declared, keys
            table.required = frozenset(schema.get("required") or []) & declared.keys()
            table.first_keys = keys if table.first_keys is None else table.first_keys
            for column, kind in declared.items():
                table.declared.setdefault(column, set()).add(_sort(kind))

        return act

    def _state(self, fields: Mapping[str, Any]) -> Callable[[], None] | None:
        if "value" not in fields or not values.is_text(fields["value"]):
            return None

        def act() -> None:
            self.states.append(values.sent("JSON", fields["value"]) or ("null", None))
            self.units_before_state.append(self.units)

        return act

    def _activate(self, fields: Mapping[str, Any]) -> Callable[[], None] | None:
        table, version = self.tables.get(str(fields.get("stream"))), fields.get("version")
        if table is None or not table.is_sound or not isinstance(version, values.Number):
            return None
        if not version.isdigit() or len(version) > 18:
            return None

        def act() -> None:
            rows = table.rows.values()
            has_this = any(row.version == int(version) for row in rows)
            for row in rows:
                old = has_this if row.version is None else row.version < int(version)
                if old and row.deleted is None:
                    row.deleted = "now"

        return act

    def _judge(self, fields: Mapping[str, Any]) -> bool | None:
        """Say whether a unit must be loaded (True), held back (False), or may be either."""
        name, record = fields.get("stream"), fields.get("record")
        table = self.tables.get(name) if isinstance(name, str) else None
        if table is None or not table.is_sound or table.keys != table.first_keys:
            return False
        if not isinstance(record, Pairs) or record.has_repeats():
            return False
        row = dict(record)
        if row.keys() - table.properties.keys() - {DELETED}:
            return False
        if any(row.get(key) is None for key in table.keys) or table.required - row.keys():
            return False
        verdicts: list[bool | None] = [None] if table.meets else [True]
        for column, value in row.items():
            declared = table.properties.get(column, {"type": "string", "format": "date-time"})
            if value is None:
                taken = values.kinds(declared)
                may = "null" in taken or not taken or column not in table.required
                verdicts.append(may)
                continue
            is_changed = len(table.declared.get(column, ())) > 1
            verdicts.append(
                (None if values.is_of_kind(declared, value) else False)
                if is_changed
                else values.fits(declared, value)
            )
        return False if False in verdicts else None if None in verdicts else True

    def _load(self, number: int, fields: Mapping[str, Any]) -> None:
        table, row = self.tables[fields["stream"]], dict(fields["record"])
        table.loaded += 1
        version = fields.get("version")
        is_whole = isinstance(version, values.Number) and version.isdigit()
        known = int(str(version)) if is_whole and len(str(version)) < 19 else None
        key: Any = number
        if table.keys:
            key = tuple(values.sent("", row.get(one)) for one in table.keys)
        was = table.rows.get(key)
        if was is not None and (was.version is None) != (known is None):
            table.has_odd_versions = True
        new = {column: row.get(column) for column in table.properties if column != DELETED}
        kept = was.values if was else {}
        deleted = values.sent("TIMESTAMP WITH TIME ZONE", row.get(DELETED))
        table.rows[key] = Row({**kept, **new}, known, deleted, number)

    def expected(self, stream: str, columns: Mapping[str, str]) -> Counter[Any]:
        """Return the rows that must be stored, given the table's column types."""
        table = self.tables[stream]
        return Counter(
            (
                *(values.sent(kind, row.values.get(name)) for name, kind in columns.items()),
                "?" if table.has_odd_versions else row.deleted,
            )
            for row in table.rows.values()
        )


def _is_sound(declared: Any) -> bool:
    if not isinstance(declared, dict) or not declared:
        return False
    lower = [name.lower() for name in declared]
    names = (
        len(set(lower)) == len(lower)
        and not (OURS | DUCKLAKES) & set(lower)
        and all(map(_is_name, declared))
    )
    return names and all(values.kinds(kind) <= TYPES for kind in declared.values())


def _is_name(name: str) -> bool:
    return values.is_text(name) and 0 < len(name.encode()) <= 255 and "\x00" not in name


def _sort(declared: Mapping[str, Any]) -> str:
    words = {word: declared.get(word) for word in ("format", "multipleOf", "maximum")}
    return f"{sorted(values.kinds(declared) - {'null'})} {words}"


def _plain(value: Any) -> Any:
    if isinstance(value, Pairs):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value
