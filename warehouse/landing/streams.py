"""The streams of a load: their shapes, as their SCHEMA messages say, and what is gathered."""

from dataclasses import dataclass, field
from typing import Any

from warehouse.landing import message
from warehouse.landing.gathered import Gathered
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.shape import Shape, read_shape
from warehouse.landing.strict_json import plain


@dataclass
class Stream:
    """A stream of this load: its shape when it has a sound one, and the lines since a commit."""

    name: str
    shape: Shape | None = None
    schema: str | None = None
    error: HeldBackError | None = None
    gathered: Gathered = field(default_factory=Gathered)


class Streams:
    """The streams of a load by name."""

    def __init__(self, max_columns: int) -> None:
        self._max_columns = max_columns
        self._known: dict[str, Stream] = {}

    def all(self) -> list[Stream]:
        """Return every stream that was named so far."""
        return list(self._known.values())

    def get(self, name: str) -> Stream:
        """Return a stream; one that was not named before has no shape."""
        return self._known.setdefault(name, Stream(name))

    def sound(self, name: str) -> tuple[Stream, Shape]:
        """Return a stream that can take records; else raise HeldBackError saying why not."""
        stream = self._known.get(name)
        if stream is not None and stream.error is not None:
            raise HeldBackError(stream.error.reason, f"its SCHEMA: {stream.error.detail}")
        if stream is None or stream.shape is None:
            raise HeldBackError("no_schema", "no SCHEMA of this stream came before")
        return stream, stream.shape

    def shape(self, found: message.Message) -> Shape:
        """Read the shape that a SCHEMA message says; raise HeldBackError when it is not sound."""
        names = found.body.names()
        if "schema" not in names:
            raise HeldBackError("missing_field", "the SCHEMA has no 'schema'")
        for other, stream in self._known.items():
            # A broken line may claim any name: only a stream with a shape has its own.
            is_taken = stream.shape is not None and other != found.stream
            if is_taken and other.lower() == found.stream.lower():
                raise HeldBackError("name_collision", f"the stream's name meets {other!r}")
        try:
            schema: Any = plain(found.body.get("schema"))
        except (ValueError, OverflowError):
            raise HeldBackError("invalid_schema", "a number out of range") from None
        keys = plain(found.body.get("key_properties"))
        return read_shape(found.stream, schema, keys, max_columns=self._max_columns)
