"""A contract file as data with line numbers, refused where it leaves the standard.

The standard is ODCS (bitol-io/open-data-contract-standard); its JSON schema and its models come
from the library, so that no list of keys is repeated here.
"""

from __future__ import annotations

import difflib
import functools
import json
import types
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, cast

import jsonschema  # type: ignore[import-untyped]
import jsonschema_rs
import yaml
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel

from contracts.errors import ContractError
from contracts.standard import refusal

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0")
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed contract file, which knows the line of each of its places."""

    path: Path
    data: dict[str, Any]
    lines: dict[Place, int]

    def problem(self, place: Place, text: str) -> str:
        """Word a problem with the file, line and path of the place it was found at."""
        near = place
        while near and near not in self.lines:
            near = near[:-1]
        where = f"{self.path.parent.name}/{self.path.name}:{self.lines.get(near, 1)}"
        return f"{where}: {dotted(place)}: {text}" if place else f"{where}: {text}"


def dotted(place: Place) -> str:
    """Write a place as people do: ``schema[0].properties[2].quality``."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")


def refuse(problems: Sequence[str]) -> None:
    """Raise ``ContractError`` with all problems, if there are any."""
    if problems:
        raise ContractError("\n".join(dict.fromkeys(problems)))


def choices(name: object, valid: Sequence[str]) -> str:
    """End an error message: the nearest valid name, then all of them."""
    near = difflib.get_close_matches(str(name), valid, n=1)
    return (f"Did you mean '{near[0]}'? " if near else "") + f"Valid: {', '.join(valid)}."


def load(path: Path) -> Document:
    """Read a contract file and hold it against the standard.

    Raises ``ContractError`` for a missing or unreadable file, a duplicated or unknown key, and
    whatever the standard's JSON schema refuses; each with file, line and path.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise ContractError(f"{path}: cannot be read: {error.strerror}.") from None
    return _load(path, state.st_mtime_ns, state.st_size)


class _Constructor(yaml.constructor.SafeConstructor):
    """Makes what JSON has: the standard is a JSON schema, and times in it are strings."""

    yaml_constructors: typing.ClassVar[dict[str | None, typing.Any]] = {
        **yaml.constructor.SafeConstructor.yaml_constructors,
        "tag:yaml.org,2002:timestamp": yaml.constructor.SafeConstructor.construct_yaml_str,
    }


@functools.lru_cache(maxsize=256)
def _load(path: Path, _mtime_ns: int, _size: int) -> Document:
    """Read once as long as the file stays as it is."""
    document = parsed(path)
    data = document.data
    # First of all: another version has other keys, and none of them is at fault.
    if data.get("apiVersion", VERSIONS[0]) not in VERSIONS:
        text = f"{data['apiVersion']!r} is not read here. Valid: {', '.join(VERSIONS)}."
        refuse([document.problem(("apiVersion",), text)])
    refuse(list(_unknown(document, OpenDataContractStandard, data, ())))
    refuse(list(breaches(document)))
    return document


def parsed(path: Path) -> Document:
    """Return a file as data with its lines, not yet held against the standard.

    Raises ``ContractError`` for what is no YAML, no mapping, or has a key twice.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        data = _Constructor().construct_document(node) if node else None
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{where}: cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or "it is not YAML"
        raise ContractError(f"{where}:{line}: not valid YAML: {what}.") from None
    if not isinstance(data, dict):
        raise ContractError(f"{where}: a contract is a mapping of keys; this file is not.")
    lines: dict[Place, int] = {}
    twice = list(_walk(node, (), lines))
    document = Document(path, data, lines)
    refuse([document.problem(p, "the key is written twice; keep one.") for p in twice])
    return document


def _walk(node: Any, place: Place, lines: dict[Place, int]) -> Iterator[Place]:
    """Note the line of each place below a node; yield the places of keys written twice."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            at = (*place, str(key.value))
            lines[at] = key.start_mark.line + 1
            if key.value in seen:
                yield at
            seen.add(key.value)
            yield from _walk(value, at, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*place, index), lines)


def _unknown(
    document: Document, model: type[BaseModel], data: dict[str, Any], place: Place
) -> Iterator[str]:
    """Yield a problem for each key that the standard does not have here, or that is refused."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for key, value in data.items():
        if key not in fields:
            text = f"unknown key. {choices(key, sorted(fields))}"
            yield document.problem((*place, key), text)
            continue
        if why := refusal(model, key):
            yield document.problem((*place, key), f"is refused: {why}. Leave it out.")
            continue
        annotation = fields[key].annotation
        if isinstance(value, dict):
            for inner in models(annotation, inside_list=False):
                yield from _unknown(document, inner, value, (*place, key))
        elif isinstance(value, list):
            for inner in models(annotation, inside_list=True):
                for index, item in enumerate(value):
                    if isinstance(item, dict):
                        yield from _unknown(document, inner, item, (*place, key, index))


def models(annotation: Any, *, inside_list: bool) -> list[type[BaseModel]]:
    """Find the model that an annotation names, alone or as the item of a list."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        found = (models(a, inside_list=inside_list) for a in typing.get_args(annotation))
        return [model for models in found for model in models]
    if origin is list:
        return models(typing.get_args(annotation)[0], inside_list=False) if inside_list else []
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return [annotation] if is_model and not inside_list else []


@functools.cache
def _schema() -> dict[str, Any]:
    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


@functools.cache
def _quick() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_schema())


def _is_sound(document: Document) -> bool:
    """Ask the validator that takes a hundredth of the time, but words no errors for people."""
    try:
        return _quick().is_valid(document.data)
    except ValueError:  # what YAML knows and JSON does not: a key that is no text
        return False


def breaches(document: Document) -> Iterator[str]:
    """Yield what the standard's JSON schema refuses, worded for a person."""
    if _is_sound(document):
        return
    schema = _schema()
    for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(document.data):
        place = cast("Place", tuple(error.absolute_path))
        is_column = (
            len(place) > 1 and place[-2] == "properties" and isinstance(error.instance, dict)
        )
        if is_column and "logicalType" not in error.instance:
            # Without one the schema asks of a column what each type needs, a `map` to begin with.
            types = schema["$defs"]["SchemaBaseProperty"]["properties"]["logicalType"]["enum"]
            yield document.problem(place, f"has no logicalType. Valid: {', '.join(types)}.")
        elif len(place) > 1 and place[-2] == "quality":
            # The schema says "not valid under any of 8 schemas" and dumps the rule.
            yield document.problem(place, "a rule needs what its type asks for (metric; query; "
                                   "engine and implementation) and exactly one comparator: mustBe, "
                                   "mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, "
                                   "mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween or "
                                   "mustNotBeBetween.")  # fmt: skip
        else:
            deepest = jsonschema.exceptions.best_match([error]) or error
            place = cast("Place", tuple(deepest.absolute_path))
            yield document.problem(place, f"{deepest.message[:300]}.")
