"""What in a report is a code and not somebody's words: each field by its type in :mod:`schemas.wire`, ids by their form."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Union, get_args

import msgspec
from msgspec import Meta

from schemas import wire
from schemas.areas import AreaEvent
from schemas.fields import has_telephone_number
from schemas.wire_fields import Money, PersonId, ThingId

_AMOUNT = Annotated[str, Meta(pattern="^-?[0-9]{1,12}([.][0-9]{1,2})?(?!\\n)$")] | int | float
_INSTANT = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]{5,30}([Zz]|[+-][0-9]{2}:[0-9]{2})(?!\\n)$")]
_STRICT: Final = ((PersonId, ThingId), (wire.EventId, ThingId), (str, ThingId), (Money, _AMOUNT), (wire.Instant, _INSTANT))
"""Fields that take nearly any text, and the form that a code has in them."""
_LOOSE = re.compile(r"[0-9TZ:.,+/-]{1,40}")
"""A mistyped date or amount, which says nothing of anybody and helps whoever repairs it."""
_LONG = re.compile(r"[0-9]{7}")
_LARGE: Final = 10_000_000


def _strict(annotation: Any) -> Any:
    for wide, narrow in _STRICT:
        if annotation == wide:
            return narrow
    arguments = get_args(annotation)
    if type(None) in arguments:
        return Union[tuple(_strict(each) for each in arguments)]  # noqa: UP007  # of a tuple made at run time
    return annotation


def _shapes(struct: Any) -> dict[str, Any]:
    return {each.encode_name: _strict(each.type) for each in msgspec.structs.fields(struct)}


_TABLES: Final[Mapping[Any, dict[str, Any]]] = {
    struct.__struct_config__.tag: _shapes(struct) for struct in get_args(wire.WireFact)
}
_ANY: Final[dict[str, list[Any]]] = {}
"""The fields of all facts, each with every type it has somewhere: for facts whose own type nobody knows."""
for _table in _TABLES.values():
    for _name, _shape in _table.items():
        _ANY.setdefault(_name, []).append(_shape)
_TYPE: Final = Literal[tuple(_TABLES)]
FIELDS: Final = {kind: frozenset({"type", *table}) for kind, table in _TABLES.items()}
"""The names of each fact's fields."""

REPORTS: Final = {struct.__struct_config__.tag: _shapes(struct) for struct in (*get_args(wire.WireReport), AreaEvent)}
"""What has facts, by its schema: its fields, each with the type of its codes."""
_SCHEMA: Final = Literal[(*REPORTS, "household/1")]
_PLAIN_SOURCE: Final = REPORTS["self-declaration/1"]["source"] | REPORTS["department-record/1"]["source"]
OF_REPORT: Final = frozenset({"schema", *wire.SelfDeclaration.__struct_encode_fields__})
"""The names of a report's own fields."""


def top_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields a report may have, but for its facts, each with the types of its codes."""
    schema = document.get("schema")
    known = REPORTS.get(schema) if isinstance(schema, str) else None
    shapes = known if known is not None else REPORTS["self-declaration/1"] | {"source": _PLAIN_SOURCE}
    return {name: (shape,) for name, shape in shapes.items() if name != "facts"} | {"schema": (_SCHEMA,)}


def table_of(kind: Any) -> Mapping[str, Any]:
    """Return the fields a fact of some type may have, each with the types of its codes; of an unknown type, those of all."""
    table = _TABLES.get(kind) if isinstance(kind, str) else None
    return {"type": (_TYPE,), **({name: (each,) for name, each in table.items()} if table is not None else _ANY)}


def code_of(value: Any, shapes: Any) -> Any:
    """Return a value where it is a code of one of the types, masked with its length kept where it is none.

    A word of a closed set is one in any case; numbers, dates and amounts are codes also where others were wanted, unless
    they are long enough to be dialled.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        fits = any(_fits(value, shape) or _fits(value.lower(), shape) for shape in shapes) or _loose(value)
        return value if fits and not has_telephone_number(value) else "*" * len(value)
    if isinstance(value, int | float):
        fits = abs(value) < _LARGE or any(_fits(value, shape) for shape in shapes)
        return value if fits and not has_telephone_number(repr(value)) else "*" * len(repr(value))
    return None


def _fits(value: str | int | float, shape: Any) -> bool:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return False
    return True


def _loose(value: str) -> bool:
    return _LOOSE.fullmatch(value) is not None and _LONG.search(value) is None
