"""What becomes of each key of the standard: enforced, told to people, or refused.

The keys are those of the library's models (open-data-contract-standard); a test holds that every
one of them stands here, and that each refused one is refused. What nothing would enforce and
somebody could rely upon is refused: better no promise than one that nobody keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel


@dataclass(frozen=True)
class Part:
    """A place of a contract: what is done with its keys. `told` ones are for people to read."""

    what: str
    enforced: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()


_LIMIT = "the number that a rule's count, share or age is held against"
_FLAT = "tables are flat: a column holds one value, or JSON"
_LINKS = ("authoritativeDefinitions", "id", "tags")
# By the name of the library's model. A model that is not here is for people, all of it.
PARTS: Mapping[str, Part] = {
    "OpenDataContractStandard": Part(
        "the contract",
        enforced={
            "apiVersion": "v3.0.0 to v3.1.0 are read, others refused",
            "kind": "must be DataContract",
            "name": "must be the file's name; datasets, alerts and pages bear it",
            "domain": "must be the folder's name, its layer",
            "version": "`crossdock contract diff` demands the step that its changes ask for",
            "status": "a contract goes only after it was `deprecated` (`crossdock contract diff`)",
            "schema": "a table must exist with its columns; see below",
            "support": "the first channel is where alerts of its rules go",
            "team": "`name` is required: the owner, whom alerts and Dagster name",
            "slaProperties": "promises of time; see below",
        },
        refused={
            "slaDefaultElement": "name the element at each promise",
            "customProperties": "nothing reads them here; a table or a rule may have some",
        },
        told=(
            *_LINKS, "contractCreatedTs", "context", "dataProduct", "description", "price",
            "roles", "servers", "tenant",
        ),
    ),
    "SchemaObject": Part(
        "a table: `schema[]`",
        enforced={
            "name": "the table's name in the lake; lower case letters, digits and _",
            "logicalType": "must be object",
            "properties": "its columns; at least one",
            "quality": "its rules; see below",
            "customProperties": "`replicationKey`, `loadMethod`, `fed`; any other is refused",
        },
        refused={
            "physicalName": "the name is the table's name",
            "relationships": "write it at its column, or as a sql rule",
        },
        told=(
            *_LINKS, "businessName", "context", "dataGranularityDescription", "deprecated",
            "description", "physicalType", "synonyms",
        ),
    ),
    "SchemaProperty": Part(
        "a column: `schema[].properties[]`",
        enforced={
            "name": "the column's name; lower case letters, digits and _",
            "logicalType": "must fit physicalType; Singer's JSON schema derives from it",
            "physicalType": "the stored type must be this one",
            "logicalTypeOptions": "pattern, lengths and limits: a rule each; others are refused",
            "required": "a rule; NOT NULL in canonical tables; a record without it is held back",
            "unique": "a rule",
            "primaryKey": "not null and unique: a rule; records are merged by it",
            "primaryKeyPosition": "must count from 1",
            "classification": "confidential and restricted values are masked wherever shown",
            "relationships": "one a column: each value must stand there; a rule",
            "quality": "its rules; see below",
            "customProperties": "`policy` of the rules that its declaration makes, as of a rule",
        },
        refused={
            "physicalName": "is not enforced here; the name is the column's name",
            "partitioned": "the lake partitions as it reads best",
            "partitionKeyPosition": "the lake partitions as it reads best",
            "encryptedName": "nothing is encrypted by a contract; classify the column",
            "enum": "write a rule: metric invalidValues with validValues",
            "properties": _FLAT,
            "items": _FLAT,
            "map": _FLAT,
        },
        told=(
            *_LINKS, "businessName", "criticalDataElement", "deprecated", "description",
            "examples", "semanticType", "synonyms", "transformDescription", "transformLogic",
            "transformSourceObjects",
        ),
    ),
    "Relationship": Part(
        "where a column leads: `relationships[]`",
        enforced={
            "to": "table.column of this contract or layer",
            "type": "foreignKey; others are refused",
        },
        refused={
            "from": "it stands at its column",
            "customProperties": "nothing reads them here",
        },
        told=("id",),
    ),
    "DataQuality": Part(
        "a rule: `quality[]`",
        enforced={
            "name": "its id, with the column's or table's; required but of a metric",
            "type": "library, sql, custom (greatExpectations), or text, which is for people",
            "dimension": "required; verdicts and Dagster show it",
            "severity": "required: error blocks, warning tells",
            "unit": "rows or percent of a metric",
            "metric": "nullValues, missingValues, invalidValues, duplicateValues, rowCount",
            "arguments": "of the metric; unknown ones are refused",
            "query": "one SELECT; `{object}`, `{column}` and other tables are filled in",
            "engine": "greatExpectations",
            "implementation": "type and kwargs of an expectation that exists",
            "description": "stands in the verdict and the alert",
            "customProperties": "`column`, `mend`, and `policy`, which says what becomes of rows"
            " that break it: quarantine holds them apart (a source's, at most 5 percent or what the"
            " rule allows), block stops what stands on them, warn tells; any other is refused",
            "mustBe": _LIMIT, "mustNotBe": _LIMIT, "mustBeBetween": _LIMIT,
            "mustNotBeBetween": _LIMIT, "mustBeGreaterThan": _LIMIT, "mustBeLessThan": _LIMIT,
            "mustBeGreaterOrEqualTo": _LIMIT, "mustBeLessOrEqualTo": _LIMIT,
        },
        refused={
            "method": "is not used here; a metric is `metric:`",
            "rule": "is not used here; a metric is `metric:`",
            "schedule": "is not used here; rules are judged when what they read was loaded",
            "scheduler": "is not used here; rules are judged when what they read was loaded",
        },
        told=(*_LINKS, "businessImpact"),
    ),
    "ServiceLevelAgreementProperty": Part(
        "a promise: `slaProperties[]`",
        enforced={
            "property": "freshness, latency, frequency, timeOfAvailability, retention: a rule each",
            "element": "table.column, a timestamp or date of this contract; several with commas",
            "value": "how old, how late or how seldom; a time of day with its offset",
            "unit": "minutes, hours or days; for retention years too, and no m",
        },
        refused={
            "valueExt": "one limit a promise",
            "schedule": "it is judged whenever its table is",
            "scheduler": "it is judged whenever its table is",
            "customProperties": "nothing reads them here",
        },
        told=("id", "description", "driver", "authoritativeDefinitions"),
    ),
}  # fmt: skip


def refusal(model: type[BaseModel], key: str) -> str | None:
    """Say why a key of a place is refused, or None where it is not."""
    part = PARTS.get(model.__name__)
    return part.refused.get(key) if part else None


def page() -> str:
    """Write the table of what becomes of each key, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# What becomes of each key of ODCS"
    yield ""
    yield (
        "The [Open Data Contract Standard](https://bitol-io.github.io/open-data-contract-standard/)"
        " has more keys than anybody enforces. Here each is enforced, told to people, or refused"
        " with file, line and reason, so that nobody relies upon a promise that nothing keeps."
        " Keys that the standard does not have are refused too, with the nearest one that it has."
    )
    for part in PARTS.values():
        yield from ("", f"## {part.what[0].upper()}{part.what[1:]}", "", "| Key | |", "|---|---|")
        yield from (f"| `{key}` | enforced: {how} |" for key, how in part.enforced.items())
        yield from (f"| `{key}` | **refused**: {why} |" for key, why in part.refused.items())
        told = ", ".join(f"`{key}`" for key in sorted(part.told))
        yield f"| {told} | for people |"
    yield ""
    yield "What lies below `team`, `roles`, `servers`, `price`, `context`, `support` is for people."
