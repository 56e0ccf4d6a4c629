"""The small fields that facts on the wire share."""

from typing import Annotated, Final

from msgspec import Meta

# In Python, and only there, "$" also matches before a newline at the end: the look-ahead closes that gap.
_HOUSEHOLD_ID: Final = "^[0-9A-Za-z-]{4,32}(?!\\n)$"
_AREA_CODE: Final = "^[0-9]{12}(?!\\n)$"
_AREA_DIGITS: Final = "^([0-9]{9}|[0-9]{12})(?!\\n)$"
_MONTH: Final = "^[0-9]{4}-(0[1-9]|1[0-2])(?!\\n)$"
_DAY: Final = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?!\\n)$"
_THING_ID: Final = "^[0-9A-Za-z:._-]{1,64}(?!\\n)$"
_ABOUT: Final = "^(grows:[a-z]{1,20}|asset:[0-9A-Za-z:._-]{1,64})(?!\\n)$"
PATTERN_WORDS: Final = {
    _HOUSEHOLD_ID: "须为4至32位数字、英文字母或连字符 must be 4 to 32 of 0-9, A-Z, a-z and -",
    _AREA_CODE: "须为12位数字 must be 12 digits, such as 140123100201",
    _AREA_DIGITS: "须为9位或12位数字 must be 9 digits (a township) or 12 (a village)",
    _MONTH: "须为月份，如2026-05 must be a month such as 2026-05",
    _DAY: "须为日期，如2026-05-31 must be a day such as 2026-05-31",
    _THING_ID: "须为1至64位数字、英文字母或 : . _ - must be 1 to 64 of 0-9, A-Z, a-z, :, ., _ and -",
    _ABOUT: "须为grows:产品或asset:资产编号 must be grows:PRODUCT or asset:ID",
}
"""What a text must look like, in words for whoever sent another: a pattern is for machines."""
PersonId = Annotated[str, Meta(min_length=4, max_length=64)]
HouseholdId = Annotated[str, Meta(pattern=_HOUSEHOLD_ID)]
AreaCode = Annotated[str, Meta(pattern=_AREA_CODE, description="county 6, township 3, village 3")]
WideAreaCode = Annotated[str, Meta(pattern=_AREA_CODE, description="trailing 000 widen it: 140221000000 is a county")]
AreaDigits = Annotated[str, Meta(pattern=_AREA_DIGITS, description="of a township 9, of a village 12")]
About = Annotated[str, Meta(pattern=_ABOUT)]
Month = Annotated[str, Meta(pattern=_MONTH)]
Day = Annotated[str, Meta(pattern=_DAY)]
Money = Annotated[
    str | int | float,
    Meta(description="yuan; a string, or a number in shortest form, of -?[0-9]{1,12}(\\.[0-9]{1,2})?"),
]
ThingId = Annotated[str, Meta(pattern=_THING_ID)]
Percent = Annotated[int, Meta(ge=0, le=100)]
