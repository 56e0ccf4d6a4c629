"""The generated documents agree with what the worker takes and sends; a file that is out of date fails."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from fangfan.documents import asyncapi, documents
from fangfan.json_schemas import ROOTS, schema_of
from fangfan.simulation import Simulator
from schemas import codec
from schemas.household import EMPTY
from schemas.registry import RegistryChange
from schemas.rejections import Rejection
from schemas.reports import Report
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import SCHEMA_OF, TOPIC_OF, Topic, catalogue
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, member, statement
from tests.oracle.histories import history

DOCS = Path(__file__).resolve().parents[2] / "docs"


def validator(topic: Topic) -> Draft202012Validator:
    return Draft202012Validator(schema_of(topic))


def test_the_files_are_what_is_generated() -> None:
    for path, data in documents().items():
        assert data == (DOCS / path).read_bytes(), f"{path} is out of date: make docs"
    assert {path.name for path in (DOCS / "schemas").iterdir()} == {
        Path(path).name for path in documents() if path.startswith("schemas/")
    }


@pytest.mark.parametrize("topic", [spec.topic for spec in catalogue(12, 1, 1) if "changelog" not in spec.topic])
def test_every_schema_is_one(topic: Topic) -> None:
    Draft202012Validator.check_schema(schema_of(topic))


@pytest.mark.parametrize("topic", ROOTS)
def test_examples_validate_and_are_taken(topic: Topic) -> None:
    examples = json.loads((DOCS / "examples" / f"{topic.value}.json").read_text())

    assert examples
    for example in examples:
        validator(topic).validate(example)
        if topic in SCHEMA_OF and example is not None:
            assert not isinstance(normalise(topic, None, encode(example), TIMESTAMP), Rejection)


def test_what_is_taken_validates() -> None:
    """Random histories and the simulated county."""
    records: list[dict[str, Any]] = [
        sent.value for sent in Simulator(60, 400, 1, datetime(2026, 6, 20, tzinfo=UTC)).run().records
    ]
    for seed in range(150):
        reports, registry = history(random.Random(seed))
        records += [*reports, *([registry] if registry else [])]
    validators = {schema: validator(topic) for schema, topic in TOPIC_OF.items()}
    for record in records:
        assert not isinstance(normalise(TOPIC_OF[record["schema"]], None, encode(record), 1_795_000_000_000), Rejection)
        validators[record["schema"]].validate(record)


def test_what_only_just_passes_validates() -> None:
    """Zero with a sign is not negative; RFC 3339 has small letters, fractions and leap seconds."""
    records = [
        cadre("e", statement("2025-06", "2026-05", "-0.00")), cadre("e", WATER, source=""),
        declaration("e", WATER, at="2016-12-31t23:59:60.123456789123z"),
        department("e", "water", WATER, at="1950-01-01T00:00:00-00:00"),
        entry("H000001", relieved_on=None, updated_at="2099-01-01T00:00:00.5Z"),
    ]  # fmt: skip
    for record in records:
        assert not isinstance(normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP), Rejection)
        validator(TOPIC_OF[record["schema"]]).validate(record)


WATER = {"type": "water", "safe": True}
SPOILED = [
    declaration("e" * 65, WATER), declaration("", WATER), declaration("e"), declaration("e", WATER, household_id=None),
    declaration("e", {"type": "income", "component": "wage", "month": "2026-05", "amount": "1"}),
    declaration("e", {"type": "gold", "grams": 1}), declaration("e", WATER, area_code="14"),
    declaration("e", {"type": "water", "safe": "yes"}), declaration("e", WATER) | {"source": "fax"},
    cadre("e", statement("2025-06", "2026-05", "-1")), cadre("e", statement("2025-06", "2026-05", "1.234")),
    cadre("e", statement("2025-13", "2026-05", "1")), cadre("e", statement("2025-06", "2026-05", "1234567890123")),
    department("e", "weather", WATER), department("e", "water", statement("2025-06", "2026-05", "1")),
    department("e", "water", WATER) | {"household_id": None, "person_id": None},
    department("e", "water", {"type": "income", "component": "wage", "month": "2026-05", "amount": "-1"}),
    department("e", "water", *[WATER] * 65), department("e", "water", {"type": "housing", "grade": "E"}),
    declaration("e", WATER, at="2026-06-10T09:00:00"), cadre("e", WATER, at="2026-06-10 09:00:00+08:00"),
    department("e", "water", WATER, reported_at="2026-06-10T24:00:00Z"), cadre("e", WATER, at="2026-06-10T09:00:00Z\n"),
    cadre("e", statement("2025-06", "2026-05", "1\n")), entry("H000001", relieved_on="2019-13-01"),
    entry("H000001", updated_at="2026-06-10"), entry("H000001", member("P-1"), status="rich"),
    entry("H000001", {"person_id": "P-1111"}),
]  # fmt: skip


@pytest.mark.parametrize("record", SPOILED, ids=lambda record: str(record)[:60])
def test_what_is_refused_does_not_validate(record: dict[str, Any]) -> None:
    topic = TOPIC_OF[record["schema"]]

    assert isinstance(normalise(topic, None, encode(record), TIMESTAMP), Rejection)
    assert not validator(topic).is_valid(record)


def test_every_alert_validates(policy: Policy) -> None:
    alerts, seen = validator(Topic.ALERTS), 0
    for seed in range(200):
        reports, registry = history(random.Random(seed))
        state = EMPTY
        for record in [*([registry] if registry else []), *reports]:
            message = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)
            assert isinstance(message, Report | RegistryChange)
            step = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy)
            state = step.state
            if step.alert is not None:
                seen += 1
                alerts.validate(json.loads(codec.encode_alert(step.alert, "2026-06-15T08:00:00+08:00")))
    assert seen > 200


def test_asyncapi_names_every_topic_and_its_references_resolve() -> None:
    document = asyncapi()
    names = {spec.topic.value for spec in catalogue(12, 400, 90) if "changelog" not in spec.topic}

    assert names == set(document["channels"]) == set(document["operations"])
    for channel in document["channels"].values():
        path = channel["messages"]["value"]["payload"]["$ref"]
        resource = Resource.from_contents(json.loads((DOCS / path).read_text()))
        assert Registry().with_resource("urn:x", resource).contents("urn:x")["title"] == channel["address"]
    assert {"alerts", "alerts-current", "alerts-shadow", "area-alerts", "cases", "dead-letters", "dead-letters-redriven"} == {
        name for name, operation in document["operations"].items() if operation["action"] == "send"
    }
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in names
