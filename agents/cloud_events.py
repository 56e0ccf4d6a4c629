"""The CloudEvents headers of what is published: Kafka protocol binding, binary content mode."""

from agents.work import Headers
from schemas.alerts import Alert


def cloud_event(alert: Alert, stamp: str) -> Headers:
    """Return the CloudEvents headers of an alert: Kafka binding, binary mode."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{alert.household_id}:{alert.sequence}".encode()),
        ("ce_type", f"fangfan.alert.{alert.transition.value}".encode()),
        ("ce_source", b"/fangfan/alerts"),
        ("ce_time", stamp.encode()),
        ("content-type", b"application/json"),
    ]
