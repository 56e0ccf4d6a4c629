"""JSON Schemas (2020-12) of every topic and of what the commands print, from the structs that read the wire."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final

import msgspec
import orjson

from fangfan.grouping import DIGITS as PLACES
from schemas.alerts import Alert
from schemas.area_alerts import AreaAlert, AreaClaim
from schemas.areas import AreaEvent, LinkClaim
from schemas.cases import CaseRecord
from schemas.dead_letters import Redriven
from schemas.registry import PersonClaim
from schemas.rejections import RejectionCode
from schemas.vocabulary import SEVERITIES, SIGNED_COMPONENTS
from schemas.wire import (
    AreaTickMessage,
    CadreReport,
    DepartmentRecord,
    HouseholdEntry,
    HouseholdRemoval,
    SelfDeclaration,
    TickMessage,
)
from streams.signals import DECLARATION, DEPARTMENT, PERMITS
from streams.topics import Topic

Document = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
DIGITS: Final = r"[0-9]{1,12}(\.[0-9]{1,2})?"
NOTHING: Final = r"-0{1,12}(\.0{1,2})?"
"""Zero with a sign is not negative."""
END: Final = r"(?!\n)$"
"""Also where "$" matches before a newline at the end, as in Python."""
DAY: Final = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
INSTANT: Final = (
    rf"^{DAY}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]){END}"
)
"""RFC 3339, for the many validators that take `format` for a note."""
UNSIGNED_FIELDS: Final = ("wage", "transfer", "production_cost", "self_paid")
REPORTS: Final = {"SelfDeclaration": "IncomeFact", "CadreReport": "IncomeFact", "DepartmentRecord": "IncomeStatementFact"}
"""Each report, by the rank of its channel, with the first fact that the channel may not report (contract §3.2)."""
ROOTS: Final = {
    Topic.SELF_DECLARATIONS: ("SelfDeclaration",),
    Topic.CADRE_REPORTS: ("CadreReport",),
    Topic.DEPARTMENT_FEEDS: ("DepartmentRecord",),
    Topic.HOUSEHOLDS: ("HouseholdEntry",),
    Topic.REROUTED: ("SelfDeclaration", "CadreReport", "DepartmentRecord", "HouseholdEntry"),
    Topic.PERSONS: ("PersonClaim", "DepartmentRecord", "LinkClaim", "AreaEvent", "AreaClaim"),
    Topic.AREA_EVENTS: ("AreaEvent",),
    Topic.TICKS: ("TickMessage", "AreaTickMessage"),
    Topic.ALERTS: ("Alert",),
    Topic.ALERTS_CURRENT: ("Alert",),
    Topic.ALERTS_SHADOW: ("Alert",),
    Topic.CASES: ("CaseRecord",),
    Topic.AREA_ALERTS: ("AreaAlert",),
    Topic.DEAD_LETTERS_REDRIVEN: ("Redriven",),
}
_NAME: Final = {"type": "string", "pattern": "^[^@]+$"}
POLICY_VERSION: Final = {
    "description": "A version of the policy; see docs/contract-living-policy.md.",
    "type": "object",
    "required": ["schema", "id", "version", "effective_from", "published_at", "document"],
    "properties": {
        "schema": {"const": "policy/1"},
        "id": _NAME,
        "version": _NAME,
        "effective_from": {"type": ["string", "null"], "format": "date"},
        "published_at": {"type": "string", "format": "date-time"},
        "document": {"description": "The policy file as JSON; what it may hold: fangfan policy check.", "type": "object",
                     "required": ["id", "version", "rules"]},
    },
}  # fmt: skip
NULLABLE: Final = {Topic.HOUSEHOLDS: "removed", Topic.ALERTS_CURRENT: "cleared", Topic.REROUTED: "a removed registry entry"}
DEAD_LETTER_HEADERS: Final = {
    "error.code": "why it was refused", "error.field": "JSON path of the field", "error.message": "a sentence",
    "source.topic": "where it lay", "source.partition": "where it lay", "source.offset": "where it lay",
    "failed.at": "RFC 3339",
    "redriven.from": "PARTITION:OFFSET of the dead letter it was before, where it was sent back and refused again",
}  # fmt: skip
OPTIONAL_HEADERS: Final = frozenset({"redriven.from"})
INSTANTS: Final = frozenset({
    "occurred_at", "reported_at", "updated_at", "opened_at", "as_of", "emitted_at", "failed_at", "redriven_at",
})  # fmt: skip
SENT_TO_US: Final = frozenset({"occurred_at", "reported_at", "updated_at"})


def schema_of(topic: Topic) -> Document:
    """Return the JSON Schema of a topic's values."""
    head: Document = {"$schema": DIALECT, "$id": f"urn:fangfan:{topic.value}", "title": topic.value}
    if topic is Topic.DEAD_LETTERS:
        return head | {
            "description": "The original bytes of a refused record, identity numbers masked; need not be JSON.",
            "x-headers": headers_of(DEAD_LETTER_HEADERS),
        }
    if topic is Topic.POLICY:
        return head | POLICY_VERSION
    defs = _definitions()
    roots: list[Document] = [{"$ref": f"#/$defs/{name}"} for name in ROOTS[topic]]
    if topic in NULLABLE:
        roots.append({"type": "null", "description": NULLABLE[topic]})
    used = set(_reachable(ROOTS[topic], defs))
    return head | {"anyOf": roots, "$defs": {name: defs[name] for name in sorted(used)}}


def schema_of_groups() -> Document:
    """Return the JSON Schema of a line of ``fangfan alerts --group LEVEL --json`` (docs/contract-noise.md §5)."""
    count: Document = {"type": "integer", "minimum": 1}
    properties: Document = {
        "schema": {"const": "alert-group/1"},
        "area_code": {"type": "string", "description": "county 6 digits, township 9, village 12"},
        "level": {"enum": list(PLACES)},
        "severity": {"enum": [*reversed(SEVERITIES), None], "description": "the gravest; null where all are cleared"},
        "transitions": count,
        "households": count,
        "open": {"type": "object", "propertyNames": {"enum": list(reversed(SEVERITIES))}, "additionalProperties": count},
        "cleared": {"type": "integer", "minimum": 0},
        "alerts": {
            "type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Alert"},
            "description": "the last alert of each household, gravest first",
        },
    }  # fmt: skip
    digits = [
        {
            "if": {"properties": {"level": {"const": level}}},
            "then": {"properties": {"area_code": {"pattern": f"^[0-9]{{{length}}}{END}"}}},
        }
        for level, length in PLACES.items()
    ]
    defs = _definitions()
    head = {"$schema": DIALECT, "$id": "urn:fangfan:alert-group", "title": "alert-group", "type": "object"}
    body = {"required": list(properties), "properties": properties, "allOf": digits}
    return head | body | {"$defs": {name: defs[name] for name in sorted(set(_reachable(("Alert",), defs)))}}


def schema_of_removal() -> Document:
    """Return the JSON Schema of a file's line that removes a registry entry (docs/contract-backtest.md)."""
    head = {"$schema": DIALECT, "$id": "urn:fangfan:household-removal", "title": "household-removal"}
    return head | {"$ref": "#/$defs/HouseholdRemoval", "$defs": {"HouseholdRemoval": _definitions()["HouseholdRemoval"]}}


def _definitions() -> dict[str, Document]:
    read = (SelfDeclaration, CadreReport, DepartmentRecord, HouseholdEntry, PersonClaim, TickMessage, AreaEvent, LinkClaim)
    types = (*read, HouseholdRemoval, AreaClaim, AreaTickMessage, Alert, CaseRecord, AreaAlert, Redriven)
    _, defs = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    for definition in defs.values():
        definition["description"] = cleandoc(definition["description"])  # as Python 3.13 keeps docstrings, and 3.11 does not
        for name, field in definition.get("properties", {}).items():
            _tell_money(definition, name, field)
            if name in INSTANTS and field.get("type") == "string":
                field |= {"format": "date-time"} | ({"pattern": INSTANT} if name in SENT_TO_US else {})
    defs["HouseholdEntry"]["properties"]["relieved_on"]["anyOf"][0] |= {"format": "date", "pattern": f"^{DAY}{END}"}
    defs["IncomeFact"]["if"] = {"properties": {"component": {"enum": sorted(SIGNED_COMPONENTS)}}}
    defs["IncomeFact"]["then"] = {"properties": {"amount": _money(signed=True)}}
    defs["IncomeFact"]["else"] = {"properties": {"amount": _money(signed=False)}}
    for rank, (name, income) in enumerate(REPORTS.items()):
        facts = defs[name]["properties"]["facts"]
        forbidden = {income} | {fact.__name__ for fact, permit in PERMITS.items() if rank not in permit.channels}
        refused = {f"#/$defs/{each}" for each in forbidden}
        facts["items"] = {"anyOf": [each for each in facts["items"]["anyOf"] if each["$ref"] not in refused]}
        facts["description"] = "may be empty only with voids"
        withdraws = {"required": ["voids"], "properties": {"voids": {"type": "string"}}}
        rules: list[Document] = [{"anyOf": [{"properties": {"facts": {"minItems": 1}}}, withdraws]}]
        if name == "DepartmentRecord":
            known = [{"required": [each], "properties": {each: {"type": "string"}}} for each in ("household_id", "person_id")]
            rules.append({"anyOf": known})
        defs[name]["allOf"] = rules + list(_sources(rank))
    defs["IncomeStatementFact"]["description"] += " At most 12 months, from not after to."
    return defs


def _sources(rank: int) -> Iterator[Document]:
    """Yield for every fact that only some sources of a channel may report: where it is among the facts, the source is one."""
    for fact, permit in PERMITS.items():
        sources = {DECLARATION: permit.declarations, DEPARTMENT: permit.departments}.get(rank)
        if sources is not None and rank in permit.channels:
            named = {"properties": {"type": {"const": fact.__struct_config__.tag}}, "required": ["type"]}
            yield {
                "if": {"properties": {"facts": {"contains": named}}, "required": ["facts"]},
                "then": {"properties": {"source": {"enum": sorted(sources)}}},
            }


def _tell_money(definition: Document, name: str, field: Document) -> None:
    if "yuan; a string" not in field.get("description", ""):
        return
    definition["properties"][name] = _money(signed=name not in UNSIGNED_FIELDS and name != "amount") | {
        "description": field["description"]
    }
    if name == "amount" and "component" in definition["properties"]:
        definition["properties"][name] = {"description": field["description"]}  # whether it may be negative: see if/then/else


def _money(*, signed: bool) -> Document:
    number: Document = {"type": "number", "exclusiveMaximum": 10**12}
    number["exclusiveMinimum" if signed else "minimum"] = -(10**12) if signed else 0
    text = f"-?{DIGITS}" if signed else f"({DIGITS}|{NOTHING})"
    return {"anyOf": [{"type": "string", "pattern": f"^{text}{END}"}, number]}


def _reachable(names: tuple[str, ...], defs: dict[str, Document]) -> Iterator[str]:
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            text = orjson.dumps(defs[name]).decode()
            waiting += [other for other in defs if f'"#/$defs/{other}"' in text]


def headers_of(headers: dict[str, str]) -> Document:
    """Return the schema of a record's headers, from what each says."""
    properties: Document = {name: {"type": "string", "description": about} for name, about in headers.items()}
    if "error.code" in properties:
        properties["error.code"]["enum"] = [code.value for code in RejectionCode]
    return {"type": "object", "required": [name for name in headers if name not in OPTIONAL_HEADERS], "properties": properties}
