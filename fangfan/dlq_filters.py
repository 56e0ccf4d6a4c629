"""Which dead letters are meant: the options that `fangfan dlq list` and `redrive` share, checked."""

from typing import Annotated, Final

import typer

from fangfan.bytes_view import safe
from fangfan.dead_letters import Wanted
from fangfan.options import fail, moment
from schemas.dead_letters import Handle, parse_handle
from schemas.rejections import RejectionCode
from streams.topics import INPUTS, Topic

CODES: Final = tuple(code.value for code in RejectionCode)
SOURCES: Final = tuple(topic.value for topic in INPUTS)
NEEDED: Final = (Topic.DEAD_LETTERS, Topic.DEAD_LETTERS_REDRIVEN)
"""What must be on the broker."""
_MORE: Final = "May be given again."

Codes = Annotated[
    list[str] | None,
    typer.Option("--code", envvar="FANGFAN_CODE", metavar="NAME", help=f"Only this error.code: {', '.join(CODES)}. {_MORE}"),
]
Topics = Annotated[
    list[str] | None,
    typer.Option(
        "--topic", envvar="FANGFAN_TOPIC", metavar="NAME", help=f"Only from this topic: {', '.join(SOURCES)}. {_MORE}"
    ),
]
Since = Annotated[
    str | None,
    typer.Option(envvar="FANGFAN_SINCE", metavar="TIME", help="Only what failed at or after it: RFC 3339 with offset."),
]
Until = Annotated[
    str | None, typer.Option(envvar="FANGFAN_UNTIL", metavar="TIME", help="Only what failed before it: RFC 3339 with offset.")
]
County = Annotated[
    str | None,
    typer.Option(envvar="FANGFAN_COUNTY", metavar="CODE", help="Only of this county, where its code can be read: six digits."),
]


def chosen_letters(
    codes: list[str] | None = None, topics: list[str] | None = None, since: str | None = None, until: str | None = None,
    county: str | None = None, handles: list[str] | None = None, *, only_open: bool = False,
) -> Wanted:  # fmt: skip
    """Return what was asked for; a value that cannot mean anything is refused in a sentence."""
    for code in codes or []:
        if code not in CODES:
            raise fail(f"--code: must be one of {', '.join(CODES)}")
    for topic in topics or []:
        if topic not in SOURCES:
            raise fail(f"--topic: must be one of {', '.join(SOURCES)}")
    if county is not None and not (len(county) == 6 and county.isascii() and county.isdigit()):
        raise fail("--county: must be six digits, such as 140221")
    return Wanted(
        frozenset(codes or []), frozenset(map(Topic, topics or [])), moment("--since", since), moment("--until", until),
        county, frozenset(_handle(each) for each in handles or []), only_open,
    )  # fmt: skip


def _handle(text: str) -> Handle:
    try:
        return parse_handle(text)
    except ValueError as error:
        raise fail(f"{safe(text)}: {error}") from None
