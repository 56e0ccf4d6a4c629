"""An identity number never passes in any coding, and a mask keeps the length (contract §3, §6)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.identity import has_identity_number, mask_identity_numbers
from tests.build import identity_number

NUMBER = identity_number()
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
BESIDE = st.text(st.sampled_from(' .-_"王'), max_size=4)


@given(st.sampled_from(("utf-8", *WIDE)), BESIDE, BESIDE, st.sets(st.integers(0, len(NUMBER) - 1)))
def test_a_number_is_seen_and_masked_in_every_coding_and_nothing_else_is(
    coding: str, before: str, after: str, escaped: set[int]
) -> None:
    text = "".join(f"\\u{ord(sign):04x}" if at in escaped else sign for at, sign in enumerate(NUMBER))
    left, right = before.encode(coding), after.encode(coding)
    data = left + text.encode(coding) + right
    assert has_identity_number(data)
    masked = mask_identity_numbers(data)
    assert len(data) == len(masked)
    assert masked.startswith(left)
    assert masked.endswith(right)
    assert not has_identity_number(masked)
    assert NUMBER[6:14] not in masked.replace(b"\0", b"").decode("utf-8", "replace")


@pytest.mark.parametrize("coding", WIDE)
def test_between_letters_or_digits_it_is_none_in_wide_codings_either(coding: str) -> None:
    for text in (f"a{NUMBER}", f"{NUMBER}1", json.dumps({"x": NUMBER[:-1]})):
        data = text.encode(coding)
        assert not has_identity_number(data)
        assert data == mask_identity_numbers(data)
