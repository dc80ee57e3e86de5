"""Server-sent events: whatever the cuts and line endings, the same events."""

from __future__ import annotations

import pytest

from gateway.protocols.sse import MAX_EVENT, EventReader, EventTooLarge, read_event

STREAMS = {
    "lf": b'event: a\ndata: {"x": "\xe4\xb8\xad"}\n\n: ping\n\ndata:1\ndata: 2\n\nid: 7\ndata: [DONE]\n\n',
    "crlf": b"event: a\r\ndata: 1\r\n\r\n\r\ndata: 2\r\n\r\n",
    "cr": b"data: 1\r\rdata: 2\r\r",
    "mixed": b"\xef\xbb\xbfdata: 1\r\n\ndata: 2\n\r\ndata: 3\r\n\r\n\n\ndata: 4\n\n",
}


def read(parts) -> tuple[list, bytes]:
    reader = EventReader()
    events = [(event.name, event.data, event.raw) for part in parts for event in reader.feed(part)]
    return events, reader.rest()


@pytest.mark.parametrize("name", STREAMS)
def test_every_cut_gives_the_same_events(name):
    stream = STREAMS[name]
    whole = read([stream])
    assert b"".join(raw for _, _, raw in whole[0]) + whole[1] == stream
    for at in range(len(stream) + 1):
        assert read([stream[:at], stream[at:]]) == whole
    assert read([stream[at : at + 1] for at in range(len(stream))]) == whole


def test_fields():
    events, _ = read([STREAMS["lf"]])
    assert [(name, data) for name, data, _ in events] == [
        (b"a", '{"x": "中"}'.encode()),
        (b"", None),
        (b"", b"1\n2"),
        (b"", b"[DONE]"),
    ]
    assert read([STREAMS["mixed"]])[0][0][:2] == (b"", b"1")


def test_other_data_leaves_the_event_as_it_was():
    assert read_event(b"data: 1\n\n").with_data(b"2") == b"data: 2\n\n"
    assert (
        read_event(b"event: a\r\ndata: 1\r\ndata: 1\r\nid: 7\r\n\r\n").with_data(b"2")
        == b"event: a\r\ndata: 2\r\nid: 7\r\n\r\n"
    )


def test_an_endless_event_is_refused():
    reader = EventReader()
    assert not list(reader.feed(b"x" * MAX_EVENT))
    with pytest.raises(EventTooLarge):
        list(reader.feed(b"x"))


def test_a_long_event_is_kept_in_pieces_and_copied_once():
    """Each read looks at new bytes only: the pieces are the very objects that came."""
    reader = EventReader()
    pieces = [b"data: "] + [bytes([97 + at % 26]) * 1000 for at in range(200)]
    for sent, piece in enumerate(pieces, 1):
        assert not list(reader.feed(piece))
        assert reader.held == sum(map(len, pieces[:sent]))
    assert all(kept is sent for kept, sent in zip(reader._pieces, pieces, strict=True))
    (event,) = reader.feed(b"\n\n")
    assert event.data == b"".join(pieces)[6:]
    assert reader.held == 0


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n"])
def test_the_end_of_an_event_may_be_split_over_reads(end):
    for cut in range(len(end) + 1):
        reader = EventReader()
        events = [*reader.feed(b"data: 1" + end[:cut]), *reader.feed(end[cut:]), *reader.feed(b"data: 2\n\n")]
        assert [event.data for event in events] == [b"1", b"2"]
