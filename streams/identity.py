"""Citizen identity numbers never pass: 18 characters, valid date and checksum (GB 11643), no digit or letter beside them.

A record that carries one anywhere is refused; wherever its bytes must be kept, the number is masked with its length kept.
JSON escapes (``\\u0031`` for ``1``), UTF-16 and UTF-32 (NULs between the digits) are seen through, and escapes in these.
"""

import re
from datetime import date
from typing import Final

_LENGTH: Final = 18
_BACKSLASH: Final = ord("\\")
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_SEVENTEEN: Final = b"0" * 17
_WIDTHS: Final = (2, 4)
"""Bytes of a character in UTF-16 and UTF-32."""
_NUMBER = re.compile(rb"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
_ESCAPE = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|[^u])", re.DOTALL)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"


def is_identity_number(text: str) -> bool:
    """Tell whether 18 characters are an identity number by date and checksum."""
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text[:17], strict=True))
    return _CHECK[total % 11] == text[17].upper()


def _plain_spans(data: bytes) -> list[tuple[int, int]]:
    if data.translate(_DIGITS).find(_SEVENTEEN) < 0:
        return []
    return [match.span() for match in _NUMBER.finditer(data) if is_identity_number(match[0].decode("ascii"))]


def _escaped_spans(data: bytes) -> list[tuple[int, int]]:
    """Find numbers in the text that JSON escapes stand for, as spans of the bytes as they are."""
    found = _plain_spans(_ESCAPE.sub(_meaning, data))
    if not found:
        return []
    starts: list[int] = []  # where each character of the text begins in the bytes
    at = 0
    for escape in _ESCAPE.finditer(data):
        starts += range(at, escape.start() + 1)
        at = escape.end()
    starts += range(at, len(data) + 1)
    return [(starts[start], starts[end]) for start, end in found]


def _meaning(escape: re.Match[bytes]) -> bytes:
    """Return the ASCII character an escape stands for, or NUL for whatever is neither digit nor letter of ASCII."""
    code = int(escape[1], 16) if escape[1] is not None else 0
    return bytes((code,)) if code < 128 else b"\0"


def _wide_spans(data: bytes) -> list[tuple[int, int]]:
    """Find numbers written in UTF-16 or UTF-32: a character is followed, or led, by one or three NULs.

    A span ends with the last character's own byte: in big endian nothing may follow it, and a mask must keep the length.
    """
    found = []
    for width in _WIDTHS:
        for first in range(width):
            for start, end in _narrow_spans(data[first::width]):
                span = first + width * start, first + width * (end - 1) + 1
                if not any(any(data[span[0] + beside : span[1] : width]) for beside in range(1, width)):
                    found.append(span)
    return found


def _narrow_spans(data: bytes) -> list[tuple[int, int]]:
    return _plain_spans(data) + (_escaped_spans(data) if _BACKSLASH in data else [])


def _spans(data: bytes) -> list[tuple[int, int]]:
    spans = _narrow_spans(data)
    if 0 in data:
        spans += _wide_spans(data)
    return spans


def has_identity_number(data: bytes) -> bool:
    """Tell whether an identity number stands anywhere in the bytes of a key or value."""
    return len(data) >= _LENGTH and bool(_spans(data))


def mask_identity_numbers(data: bytes) -> bytes:
    """Return the bytes with every identity number replaced by ``*``, length kept."""
    masked = bytearray(data)
    for start, end in _spans(data):
        masked[start:end] = b"*" * (end - start)
    return bytes(masked)
