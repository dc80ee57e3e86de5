"""Signed notes: what we sign verifies, anything else does not."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint, VerifierKey, parse, sign, verify
from audit.errors import ProofInvalid

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey.of("lexgate/test", SIGNER.public_key().public_bytes_raw())
HEAD = Checkpoint("lexgate/test", 42, bytes(32))


def test_a_note_that_was_signed_verifies() -> None:
    note = sign(HEAD, KEY, SIGNER)
    assert note.startswith("lexgate/test\n42\n")
    assert verify(note, KEY) == HEAD


def test_the_go_sumdb_key_of_the_note_format_is_read() -> None:
    # The example of golang.org/x/mod/sumdb/note.
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(VerifierKey.parse(text)) == text


def test_a_later_generation_is_of_the_same_key() -> None:
    head = Checkpoint("lexgate/test/2", 42, bytes(32))
    assert verify(sign(head, KEY, SIGNER), KEY) == head


def test_another_log_another_key_no_signature() -> None:
    other = Ed25519PrivateKey.generate()
    other_key = VerifierKey.of("lexgate/test", other.public_key().public_bytes_raw())
    for note in (
        sign(HEAD, other_key, other),
        sign(Checkpoint("lexgate/other", 42, bytes(32)), KEY, SIGNER),
        HEAD.body() + "\n",
        HEAD.body(),
        "",
    ):
        with pytest.raises(ProofInvalid):
            verify(note, KEY)


@given(st.data())
def test_a_changed_note_does_not_verify(data: st.DataObject) -> None:
    note = sign(HEAD, KEY, SIGNER)
    at = data.draw(st.integers(0, len(note) - 1))
    new = data.draw(st.characters(exclude_categories=("Cs",)).filter(lambda c: c != note[at]))
    changed = note[:at] + new + note[at + 1 :]
    try:
        assert verify(changed, KEY) == HEAD
        assert at >= len(HEAD.body())  # only what is not signed, e.g. base64 padding bits, may differ
    except ProofInvalid:
        return


@pytest.mark.parametrize("text", ["", "a", "a+b+c", "a+00000000+AAAA", "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"])
def test_a_verifier_key_that_is_none(text: str) -> None:
    with pytest.raises(ProofInvalid):
        VerifierKey.parse(text)


@pytest.mark.parametrize("note", ["a\n1\n\n\n", "a\n01\nAAAA\n\n", "a\n-1\nAAAA\n\n", "\n1\nAAAA\n\n", "a\nx"])
def test_a_note_that_is_no_checkpoint(note: str) -> None:
    with pytest.raises(ProofInvalid):
        parse(note)
