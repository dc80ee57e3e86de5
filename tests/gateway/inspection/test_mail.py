"""Mail addresses of the usual form: the same in C and in Python."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import mail_python

TEXTS = st.lists(
    st.sampled_from(
        ["maria", "@", "@", ".", ".com", "example", "é", "ɏ", "ɐ", "-", "_", "+", " ", "\n", "1", "x" * 62, "y" * 25, "dot", "DoT", "(", " .", " . ", "点",
         "punKt", "poınt", "punto", " dot ", "-dot-", "z" * 58, "\t", "[", "ſ", "git", "中", "\ud800", "𠀀", "a.b.c.d.e.f.g.h"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=1_000)
@given(TEXTS)
def test_an_address_in_c_is_that_in_python(text: str) -> None:
    native = pytest.importorskip("gateway.inspection._mail")
    for at, sign in enumerate(text):
        if sign == "@":
            assert native.address(text, at) == mail_python.address(text, at)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("to maria.k@example.com, please", (3, 22, False)),
        ("maria@example.com.x1", (0, 17, False)),
        ("maria@a-.com", mail_python.NO_ADDRESS),
        ("maria@localhost", None),
        ("@example.com", mail_python.NO_ADDRESS),
        ("maria\n@example.com", (0, 18, True)),
        ("maria dot k@example.com", (10, 23, True)),
        ("maria@example dot com", mail_python.NO_ADDRESS),
        ("maria@ example-dot-com", mail_python.NO_ADDRESS),
        ("maria @ example (dot) com", mail_python.NO_ADDRESS),
        ("word@1760000023767284 rules that name", None),
    ],
)
def test_what_is_an_address(text: str, found) -> None:
    native = pytest.importorskip("gateway.inspection._mail")
    assert native.address(text, text.index("@")) == mail_python.address(text, text.index("@")) == found


def test_a_place_without_the_sign_has_none() -> None:
    native = pytest.importorskip("gateway.inspection._mail")
    assert native.address("maria", 99) is None
    assert native.address("maria", -3) is None
    with pytest.raises(TypeError, match="place"):
        native.address(b"@", 0)
