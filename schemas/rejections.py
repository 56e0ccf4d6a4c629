"""Why a record was refused: a closed set, so that it can be a metric label and a header."""

from enum import StrEnum

import msgspec


class RejectionCode(StrEnum):
    """The codes of the header ``error.code`` (contract §6)."""

    NULL_VALUE = "null-value"
    NOT_UTF8 = "not-utf8"
    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"
    DUPLICATE_KEY = "duplicate-key"
    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    INVALID_VALUE = "invalid-value"
    UNKNOWN_FACT = "unknown-fact"
    FACT_NOT_ALLOWED = "fact-not-allowed"
    WRONG_SCHEMA = "wrong-schema"
    IDENTITY_NUMBER = "identity-number"
    FUTURE_EVENT = "future-event"
    INVALID_KEY = "invalid-key"
    INTERNAL_ERROR = "internal-error"


class Rejection(msgspec.Struct, frozen=True):
    """A refused record: the code, the JSON path of the field, and a sentence without any of the record's values."""

    code: RejectionCode
    field: str
    message: str


class Rejected(ValueError):
    """Carries a :class:`Rejection` from where it is found to where the record is set aside."""

    def __init__(self, code: RejectionCode, field: str, message: str) -> None:
        """Keep the rejection ready."""
        super().__init__(f"{field}: {message}")
        self.rejection = Rejection(code, field, message)
