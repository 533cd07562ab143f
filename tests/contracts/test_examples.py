"""Contracts as other people write them are read, or refused line by line; nothing is ignored."""

import os
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import open_data_contract_standard.model as library
import pytest
import yaml

import contracts
from contracts import Contract, ContractError, document, standard

EXAMPLES = Path(__file__).parent / "examples"
SOUND = sorted(EXAMPLES.glob("sound/*.odcs.yaml"))
REFUSED = sorted(EXAMPLES.glob("refused/*.odcs.yaml"))
ELSEWHERE = os.environ.get("CROSSDOCK_ODCS_EXAMPLES", "")
PUBLIC = sorted(Path(ELSEWHERE).rglob("*.odcs.yaml")) if ELSEWHERE else []
TOLD = re.compile(r"(?:sources|canonical)/[^:]+\.odcs\.yaml(?::(?P<line>\d+))?: (?P<said>.+)")
Place = tuple[str | int, ...]


def said(path: Path, mark: str) -> set[tuple[int, str]]:
    """Return what an example says of its lines under a mark."""
    found = set()
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for comment in line.split("  # ")[1:]:
            if comment.startswith(f"{mark}: "):
                words = comment.removeprefix(f"{mark}: ").split(" | ")
                found |= {(number, word) for word in words}
    return found


def read(home: Path, text: str, name: str, layer: str = "sources") -> Contract:
    (home / layer).mkdir(exist_ok=True)
    (home / layer / f"{name}.odcs.yaml").write_text(text)
    return contracts.read(f"{layer}/{name}", home)


def refusal(home: Path, text: str, name: str) -> list[tuple[int, str]]:
    """Return the lines and reasons of a refusal; none where it is read. Nothing else is raised."""
    try:
        read(home, text, name)
    except ContractError as error:
        lines = [TOLD.fullmatch(line) for line in str(error).splitlines()]
        assert all(lines), error
        return [(int(line["line"] or 1), line["said"]) for line in lines if line]
    return []


def fits(told: tuple[int, str], mark: tuple[int, str]) -> bool:
    return told[0] == mark[0] and mark[1] in told[1]


def name_of(path: Path) -> str:
    return path.name.removesuffix(".odcs.yaml")


@pytest.mark.parametrize("path", SOUND, ids=name_of)
def test_a_sound_example_is_read(tmp_path: Path, path: Path) -> None:
    text = path.read_text()
    assert list(document.breaches(document.parsed(path))) == []
    layer = yaml.safe_load(text)["domain"]
    assert read(tmp_path, text, name_of(path), layer).tables


@pytest.mark.parametrize("path", REFUSED, ids=name_of)
def test_each_line_that_is_refused_is_named_with_its_reason(tmp_path: Path, path: Path) -> None:
    marks = said(path, "refused")
    told = refusal(tmp_path, path.read_text(), name_of(path))
    untold = [mark for mark in marks if not any(fits(one, mark) for one in told)]
    unexpected = [one for one in told if not any(fits(one, mark) for mark in marks)]
    assert (untold, unexpected, bool(told)) == ([], [], True)


@pytest.mark.parametrize("path", REFUSED, ids=name_of)
def test_the_standards_schema_says_the_same_of_an_example_as_ever(path: Path) -> None:
    told = list(document.breaches(document.parsed(path)))
    expected = said(path, "schema")
    assert bool(told) == bool(expected), told
    for line, words in expected:
        assert any(f":{line}: " in problem and words in problem for problem in told), told


@pytest.mark.skipif(not PUBLIC, reason="needs CROSSDOCK_ODCS_EXAMPLES, a folder of public examples")
@pytest.mark.parametrize("path", PUBLIC or [Path()], ids=lambda path: path.name)
def test_a_public_example_is_read_or_refused_line_by_line(tmp_path: Path, path: Path) -> None:
    told = refusal(tmp_path, path.read_text(), name_of(path))
    if not told:
        data = document.parsed(path).data
        assert {key for _, key, _ in keys(library.OpenDataContractStandard, data)}
    # As it is in anybody's repository, in a place of ours and with an owner.
    lines = [line for line in path.read_text().splitlines() if not re.match("name:|domain:", line)]
    lines += [f"name: {name_of(path)}", "domain: sources"]
    refusal(tmp_path, "\n".join(lines), name_of(path))


def keys(model: Any, data: dict[str, Any], at: Place = ()) -> Iterator[tuple[str, str, Place]]:
    """Yield each key that has a fate: its place's name in the standard, the key, where it is."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    if model.__name__ not in standard.PARTS:
        return
    for key, value in data.items():
        yield model.__name__, key, (*at, key)
        annotation = fields[key].annotation
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                place = (*at, key, index) if isinstance(value, list) else (*at, key)
                for inner in document.models(annotation, inside_list=isinstance(value, list)):
                    yield from keys(inner, item, place)


def leaves(value: Any, at: Place) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*at, index))
    else:
        yield at


def everywhere(value: Any, at: Place = ()) -> Iterator[Place]:
    yield at
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for step, item in steps:
            yield from everywhere(item, (*at, step))


def otherwise(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value}_x"


def replaced(data: dict[str, Any], at: Place, value: object) -> dict[str, Any]:
    copy = deepcopy(data)
    inner: Any = copy
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return copy


def changed(data: dict[str, Any], at: Place) -> dict[str, Any]:
    inner: Any = data
    for step in at:
        inner = inner[step]
    return replaced(data, at, otherwise(inner))


def enforced(data: dict[str, Any]) -> Iterator[Place]:
    """Yield the places of values that are said to be enforced."""
    fates = [*keys(library.OpenDataContractStandard, data)]
    for part, key, at in fates:
        holder: Any = data
        for step in at[:-1]:
            holder = holder[step]
        is_words = part == "DataQuality" and holder.get("type") == "text"
        # A key is not null, whatever else is said of it.
        is_of_key = key == "required" and holder.get("primaryKey")
        has_fates_below = any(
            len(other) > len(at) and other[: len(at)] == at for *_, other in fates
        )
        if key in standard.PARTS[part].enforced and not (is_words or is_of_key or has_fates_below):
            # Of these the rest is for people, as the page says.
            only = {"team": ("name",), "support": (0, "channel")}.get(key, ())
            yield from (leaf for leaf in leaves(holder[key], at) if leaf[1:][: len(only)] == only)


@pytest.mark.parametrize("path", SOUND, ids=name_of)
def test_no_key_that_is_said_to_be_enforced_is_ignored(tmp_path: Path, path: Path) -> None:
    data = document.parsed(path).data
    layer, name = data["domain"], name_of(path)
    before = read(tmp_path, yaml.safe_dump(data), name, layer)
    for part, key, _ in keys(library.OpenDataContractStandard, data):
        assert key in {*standard.PARTS[part].enforced, *standard.PARTS[part].told}, (part, key)
    places = [*enforced(data)]
    assert len(places) > 10
    ignored = []
    for place in places:
        try:
            after = read(tmp_path, yaml.safe_dump(changed(data, place)), name, layer)
        except ContractError:
            continue
        if after == before:
            ignored.append(document.dotted(place))
    assert ignored == []


JUNK = [5, [["x"]], *(pytest.param(one, marks=pytest.mark.slow) for one in
                      (None, "x", [], {}, ["x"], {"x": 1}, [None]))]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK, ids=str)
def test_whatever_stands_in_a_contract_is_read_or_refused(tmp_path: Path, junk: object) -> None:
    data = document.parsed(EXAMPLES / "sound" / "orders.odcs.yaml").data
    for place in [*everywhere(data)][1:]:
        refusal(tmp_path, yaml.safe_dump(replaced(data, place, junk)), "orders")
