"""Which dead letter may go back, as what, and why another stays."""

import pytest

from schemas.codec import decode_redriven, encode_redriven
from schemas.dead_letters import DeadLetter, Handle, Redriven, parse_handle, read_dead_letter
from streams.redrive import Going, Repair, Staying, Why, decide, marks
from streams.topics import Topic
from tests.build import TIMESTAMP, cadre, department, encode

GOOD = encode(department("w1", "water", {"type": "water", "safe": False}))
FAILED_AT = "2026-06-10T09:00:00+08:00"


def letter(value: bytes | None, key: bytes | None = b"H000001", code: str = "future-event", **over: str) -> DeadLetter:
    headers = {
        "error.code": code, "error.field": "$", "error.message": "is bad", "source.topic": "x-department-feeds",
        "source.partition": "1", "source.offset": "7", "failed.at": FAILED_AT,
    } | over  # fmt: skip
    return read_dead_letter(Handle(3, 17), key, value, [(name, text.encode()) for name, text in headers.items()])


def fate(dead: DeadLetter, repair: Repair | None = None, *, checked: bool = True) -> Going | Staying:
    return decide(dead, repair, "x-", TIMESTAMP, checked=checked)


def stays(verdict: Going | Staying) -> Why:
    assert isinstance(verdict, Staying)
    return verdict.why


def test_a_report_that_is_no_longer_too_early_goes_as_it_was() -> None:
    assert Going(Topic.DEPARTMENT_FEEDS, b"H000001", GOOD, repaired=False) == fate(letter(GOOD))


def test_what_would_be_refused_again_stays_unless_it_is_asked_for() -> None:
    bad = letter(b"{")

    assert Why.REFUSED == stays(fate(bad))
    assert Going(Topic.DEPARTMENT_FEEDS, b"H000001", b"{", repaired=False) == fate(bad, checked=False)


def test_a_repair_that_would_be_refused_stays_whatever_is_asked_for() -> None:
    assert Why.REFUSED == stays(fate(letter(b"{"), Repair(b"[]"), checked=False))


def test_a_record_on_the_wrong_topic_goes_to_the_one_a_person_names() -> None:
    report = encode(cadre("c1", {"type": "water", "safe": False}))

    assert Why.REFUSED == stays(fate(letter(report, code="wrong-schema")))
    assert Going(Topic.CADRE_REPORTS, b"H000001", report, repaired=True) == fate(
        letter(report, code="wrong-schema"), Repair(topic=Topic.CADRE_REPORTS)
    )


@pytest.mark.parametrize("topic", ["", "alerts", "x-alerts", "x-dead-letters", "department-feeds", "y-department-feeds"])
def test_what_lay_on_no_input_topic_of_this_deployment_stays(topic: str) -> None:
    assert Why.NO_SOURCE == stays(fate(letter(GOOD, **{"source.topic": topic})))


@pytest.mark.parametrize(
    ("key", "repair", "expected"),
    [
        (b"H000001", None, Why.MASKED),
        (b"H000001", Repair(b'{"mask": "******************"}'), Why.MASKED),
        (b"*" * 18, Repair(key=b"H000001"), Why.MASKED),
        (b"*" * 18, Repair(GOOD), b"H000001"),
        (b"*" * 18, Repair(GOOD, b"H000002"), b"H000002"),
        (b"by-hand", Repair(GOOD), b"by-hand"),
    ],
)
def test_a_masked_record_goes_only_where_no_mask_is_left(key: bytes, repair: Repair | None, expected: Why | bytes) -> None:
    """The key that a mended report gives itself takes the place of a masked one."""
    masked = b'{"person_id": "******************"}'
    verdict = fate(letter(masked, key, code="identity-number"), repair, checked=False)

    assert expected == (verdict.key if isinstance(verdict, Going) else verdict.why)


def test_a_removal_with_a_masked_key_needs_the_key() -> None:
    dead = letter(None, b"*" * 18, code="identity-number", **{"source.topic": "x-households"})

    assert isinstance(fate(dead), Staying)
    assert Going(Topic.HOUSEHOLDS, b"H000001", None, repaired=True) == fate(dead, Repair(key=b"H000001"))


def test_asterisks_that_mask_nothing_are_no_matter() -> None:
    starred = encode(department("w1", "water", {"type": "water", "safe": False}, person_id="*" * 18))

    assert isinstance(fate(letter(starred)), Going)


def test_nothing_cannot_be_sent() -> None:
    assert Why.REFUSED == stays(fate(letter(None, None), checked=False))


def test_a_marker_speaks_only_of_the_letter_it_was_made_for() -> None:
    """A topic that was deleted and made again has other letters at the same offsets."""
    marker = Redriven("redriven/1", FAILED_AT, "2026-06-11T09:00:00+08:00", "x-department-feeds", 1, 8, False, 1)

    assert marks(marker, letter(GOOD))
    assert not marks(marker, letter(GOOD, **{"failed.at": "2026-07-01T09:00:00+08:00"}))
    assert not marks(None, letter(GOOD))


def test_a_marker_is_read_as_it_was_written_and_what_is_none_is_none() -> None:
    written = (
        b'{"schema":"redriven/1","failed_at":"2026-06-10T09:00:00+08:00","redriven_at":"2026-06-11T09:00:00+08:00",'
        b'"topic":"department-feeds","partition":1,"offset":8,"repaired":false,"times":2}'
    )
    marker = decode_redriven(written)

    assert marker is not None
    assert 2 == marker.times
    assert written == encode_redriven(marker)
    assert [None, None] == [decode_redriven(b"\xff"), decode_redriven(b'{"schema":"redriven/2"}')]


@pytest.mark.parametrize("text", ["", "3", "3:", ":17", "3:17 ", "-1:2", "03:17", "3:1e3", "٣:١٧", "3:" + "9" * 30])
def test_a_dead_letter_is_named_by_partition_and_offset_and_nothing_else(text: str) -> None:
    assert (3, 17) == parse_handle("3:17")
    with pytest.raises(ValueError, match="must be PARTITION:OFFSET, such as 3:17"):
        parse_handle(text)


def test_a_record_that_somebody_else_wrote_is_a_dead_letter_that_says_little() -> None:
    strange = read_dead_letter(Handle(0, 0), None, b"x", [("source.offset", b"\xff"), ("redriven.from", b"no"), ("x", None)])

    assert ("", None, None) == (strange.code, strange.source_offset, strange.redriven_from)
    assert Why.NO_SOURCE == stays(fate(strange))
