"""Reports that are plainly right, read in one step. Whatever is unusual is left to :mod:`streams.normalise`, which explains it.

A JSON decoder that knows the shape makes a struct of the bytes at once, but takes a key given twice, and is slowed down by
patterns. So the shapes here are those of :mod:`schemas.wire` without the patterns that are checked anyway where a value is
read, and with optional fields that tell absent from null: then the keys that were read can be counted, and compared with the
keys that stand in the bytes.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from schemas import wire
from schemas.fields import is_area_code, is_household_id
from schemas.wire_fields import AreaCode, Day, HouseholdId, Month

_CHECKED_HERE: Final = (HouseholdId, AreaCode, Month, Day)
"""Patterns that are left out: ids and areas are checked below, months and days where they are parsed."""

# As an identity number and a key are looked for: every digit a 0, whitespace and backslashes a space.
_OUTLINE: Final = bytes.maketrans(b"123456789\t\r\n\\", b"0" * 9 + b" " * 4)
_SEVENTEEN: Final = b"0" * 17
_SPACE: Final = ord(" ")
_BACKSLASH: Final = ord("\\")


def _lean(annotation: Any) -> Any:
    """Return a type of :mod:`schemas.wire` without the patterns checked here, its structs with countable keys."""
    if any(annotation == each for each in _CHECKED_HERE):
        return str
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return SHAPES[annotation]
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return Annotated[_lean(arguments[0]), *arguments[1:]]
    if get_origin(annotation) is list:
        return list[_lean(arguments[0])]  # type: ignore[misc]  # a type made at run time
    if type(None) in arguments or any(isinstance(each, type) and issubclass(each, msgspec.Struct) for each in arguments):
        return Union[tuple(_lean(each) for each in arguments)]  # noqa: UP007  # of a tuple made at run time
    return annotation


def _shape_of(shape: type[msgspec.Struct]) -> type[msgspec.Struct]:
    fields: list[Any] = []
    for each in msgspec.structs.fields(shape):
        name = msgspec.field(name=each.encode_name)
        if each.required:
            fields.append((each.name, _lean(each.type), name))
        else:
            absent = msgspec.field(default=msgspec.UNSET, name=each.encode_name)
            fields.append((each.name, Union[_lean(each.type), msgspec.UnsetType], absent))  # noqa: UP007  # made at run time
    config = shape.__struct_config__
    return msgspec.defstruct(shape.__name__, fields, tag_field=config.tag_field, tag=config.tag, frozen=True, gc=False)


SHAPES: Final[dict[type[msgspec.Struct], type[msgspec.Struct]]] = {}
"""The lean shape of every fact and report of :mod:`schemas.wire`."""
for _wire in (*get_args(wire.WireFact), *get_args(wire.WireReport)):
    SHAPES[_wire] = _shape_of(_wire)


def _reader_of(shape: type[msgspec.Struct]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads the optional fields of a shape, as a tuple also where it has one or none."""
    names = [each.name for each in msgspec.structs.fields(shape) if not each.required]
    return attrgetter(*names) if len(names) > 1 else attrgetter(*names, "__class__", "__class__")


_KEYS: Final = {shape: (1 + len(msgspec.structs.fields(shape)), _reader_of(shape)) for shape in SHAPES.values()}
"""How many keys a shape has with all its optional fields, and what reads these. The tag is a key and no field."""

_SHAPES_OF_REPORTS: Final = Union[tuple(SHAPES[each] for each in get_args(wire.WireReport))]  # noqa: UP007  # as above
_decoder: Final[msgspec.json.Decoder[wire.WireReport]] = msgspec.json.Decoder(_SHAPES_OF_REPORTS)
"""A lean shape has the fields of its own."""


def read_plain(value: bytes) -> wire.WireReport | None:
    """Return the report in a record's value, None where this cannot tell: then look carefully, it may still be right.

    What is returned has UNSET where an optional field is absent, and its months are not checked. Its bytes hold no identity
    number, are one JSON object, and name no key twice.
    """
    outline = value.translate(_OUTLINE)
    if outline.find(_SEVENTEEN) >= 0:
        return None
    if _SPACE in outline and (_BACKSLASH in value or outline.find(b'" :') >= 0 or outline.find(b'"  ') >= 0):
        return None
    try:
        report = _decoder.decode(value)
    except (ValueError, RecursionError):
        return None
    # Without backslashes, and without whitespace between a key and its colon, every key ends in a quote and a colon. There are
    # at least as many such pairs as keys, and at least as many keys as were read: where the first and the last are as many,
    # no key stood twice, and none was left out.
    if value.count(b'":') != _keys_read(report):
        return None
    household = report.household_id
    if (household and not is_household_id(household)) or not is_area_code(report.area_code):
        return None
    return report


def _keys_read(report: wire.WireReport) -> int:
    keys, optional = _KEYS[type(report)]
    total = keys - optional(report).count(msgspec.UNSET)
    for fact in report.facts:
        keys, optional = _KEYS[type(fact)]
        total += keys - optional(fact).count(msgspec.UNSET)
    return total
