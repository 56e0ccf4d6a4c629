"""`make docs`: JSON Schemas of topics and of what commands print and files say besides, and an AsyncAPI document."""

import sys
from pathlib import Path
from typing import Final

import orjson

from fangfan.json_schemas import DEAD_LETTER_HEADERS, Document, headers_of, schema_of, schema_of_groups, schema_of_removal
from streams.topics import DAY_MS, Topic, TopicSpec, catalogue

KEYS: Final = {
    Topic.POLICY: "id@version",
    Topic.AREA_EVENTS: "any; the event's id, say",
    Topic.AREA_ALERTS: "the area's digits: 12 of a village, 9 of a township",
    Topic.DEAD_LETTERS: "the original key",
    Topic.DEAD_LETTERS_REDRIVEN: "PARTITION:OFFSET of the dead letter",
}
CLOUD_EVENT_HEADERS: Final = {
    "ce_specversion": "1.0", "ce_id": "household:sequence", "ce_type": "fangfan.alert.TRANSITION",
    "ce_source": "/fangfan/alerts", "ce_time": "RFC 3339", "content-type": "application/json",
}  # fmt: skip


def asyncapi() -> Document:
    """Return the AsyncAPI 3.0 document: every topic as a channel, from the side of this application."""
    specs = [spec for spec in catalogue(12, 400, 90) if "changelog" not in spec.topic]
    sends = (
        Topic.ALERTS,
        Topic.ALERTS_CURRENT,
        Topic.ALERTS_SHADOW,
        Topic.CASES,
        Topic.AREA_ALERTS,
        Topic.DEAD_LETTERS,
        Topic.DEAD_LETTERS_REDRIVEN,
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "fangfan", "version": "0.1.0", "description": "Monitoring against the return to poverty."},
        "defaultContentType": "application/json",
        "channels": {spec.topic.value: _channel(spec) for spec in specs},
        "operations": {
            spec.topic.value: {
                "action": "send" if spec.topic in sends else "receive",
                "channel": {"$ref": f"#/channels/{spec.topic.value}"},
            }
            for spec in specs
        },
    }


def _channel(spec: TopicSpec) -> Document:
    topic = spec.topic
    key = KEYS.get(topic, "household_id; person_id where only the person is known")
    message: Document = {
        "payload": {"$ref": f"schemas/{topic.value}.schema.json"},
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
    }
    if topic is Topic.DEAD_LETTERS:
        message["headers"] = headers_of(DEAD_LETTER_HEADERS)
    if topic in (Topic.ALERTS, Topic.ALERTS_CURRENT, Topic.ALERTS_SHADOW):
        message["headers"] = headers_of(CLOUD_EVENT_HEADERS)
    configuration: Document = {"cleanup.policy": [spec.cleanup]}
    if spec.retention_days is not None:
        configuration["retention.ms"] = spec.retention_days * DAY_MS
    return {
        "address": topic.value,
        "messages": {"value": message},
        "bindings": {"kafka": {"partitions": spec.partitions, "topicConfiguration": configuration, "bindingVersion": "0.5.0"}},
    }


def documents() -> dict[str, bytes]:
    """Return every generated file: its path under ``docs`` and its bytes."""
    topics = [spec.topic for spec in catalogue(12, 400, 90) if "changelog" not in spec.topic]
    files = {f"schemas/{topic.value}.schema.json": schema_of(topic) for topic in topics}
    files |= {
        "schemas/alert-group.schema.json": schema_of_groups(),
        "schemas/household-removal.schema.json": schema_of_removal(),
        "asyncapi.json": asyncapi(),
    }
    return {path: orjson.dumps(file, option=orjson.OPT_INDENT_2) + b"\n" for path, file in files.items()}


def main() -> None:
    """Write the documents under the folder that is named."""
    folder = Path(sys.argv[1])
    for path, data in documents().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


if __name__ == "__main__":
    main()
