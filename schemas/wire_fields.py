"""The small fields that facts on the wire share."""

from typing import Annotated

from msgspec import Meta

# In Python, and only there, "$" also matches before a newline at the end: the look-ahead closes that gap.
PersonId = Annotated[str, Meta(min_length=4, max_length=64)]
HouseholdId = Annotated[str, Meta(pattern="^[0-9A-Za-z-]{4,32}(?!\\n)$")]
AreaDigits = Annotated[str, Meta(pattern="^([0-9]{9}|[0-9]{12})(?!\\n)$", description="of a township 9, of a village 12")]
Month = Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2])(?!\\n)$")]
Day = Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?!\\n)$")]
Money = Annotated[
    str | int | float,
    Meta(description="yuan; a string, or a number in shortest form, of -?[0-9]{1,12}(\\.[0-9]{1,2})?"),
]
ThingId = Annotated[str, Meta(pattern="^[0-9A-Za-z:._-]{1,64}(?!\\n)$")]
Percent = Annotated[int, Meta(ge=0, le=100)]
