"""Plain messages that came whole are taken apart as llhttp takes them apart; of every other one nothing is said."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import plain_heads, plain_heads_python

BOTH = (plain_heads, plain_heads_python)
NAMES = (
    "Host Authorization Content-Type content-type CONTENT-LENGTH content-length X-Api-Key Accept x connection date "
    "transfer-encoding expect upgrade content-encoding proxy-connection x|y x:y x/y é"
).split()
VALUES = (
    "a:80", "Bearer abc", "application/json", "3", "03", "4", "0", "-3", "3, 3", "99999999999", "keep-alive", "close", "chunked",
    "100-continue", "gzip", "", " ", "x\ty", "é", "x ", "x\x00y", "x\ry",
)  # fmt: skip
FIELDS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES), st.sampled_from(["", " ", "\t", "  "])), max_size=5)  # fmt: skip
FIRST = (
    "POST /v1/chat/completions HTTP/1.1", "POST /v1/x?y=1 HTTP/1.1", "GET / HTTP/1.1", "POST / HTTP/1.0", "post / HTTP/1.1",
    "POST  / HTTP/1.1", "POST x HTTP/1.1",
    "HTTP/1.1 200 OK", "HTTP/1.1 404 ", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/1.1 204 No", "HTTP/1.1 100 Go", "HTTP/1.1 099 X",
    "HTTP/1.1 600 X", "HTTP/1.1 500 é\tx",
)  # fmt: skip


class Heard:
    """What llhttp says of one message."""

    def __init__(self, kind, data):
        self.url, self.fields, self.body, self.ended, self.more = b"", [], b"", False, False
        self.failed = self.goes_on = False
        self.parser = kind(self)
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.failed = True

    def on_message_begin(self):
        self.more = self.ended

    def on_url(self, url):
        self.url += url

    def on_header(self, name, value):
        self.fields.append((name.lower(), value))

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        self.ended, self.goes_on = True, self.parser.should_keep_alive()


def message(first, fields, body, cut=0, added=b"", end="\r\n"):
    lines = [first, *(f"{name}:{space}{value}" for name, value, space in fields)]
    return (end.join(lines) + end * 2).encode("latin-1")[cut:] + body + added


MESSAGES = st.builds(
    message,
    st.sampled_from(FIRST),
    st.one_of(FIELDS, FIELDS.map(lambda fields: [("content-length", "3", " "), *fields])),
    st.sampled_from([b"abc", b"abc", b"abc", b"", b"abcd", b"a\r\n"]),
    st.sampled_from([0, 0, 0, 0, 1]),
    st.sampled_from([b"", b"", b"", b"\r\n", b"P", b"POST / HTTP/1.1\r\n\r\n"]),
    st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r"]),
)


@given(st.one_of(MESSAGES, st.binary(max_size=80)))
def test_a_request_is_what_llhttp_reads(data):
    taken = [each.request(data, 4, 300) for each in BOTH]
    assert taken[0] == taken[1]
    if taken[0] is not None:
        heard = Heard(httptools.HttpRequestParser, data)
        assert (heard.url, dict(heard.fields), heard.body) == taken[0]
        assert (heard.failed, heard.ended, heard.more, len(heard.fields)) == (False, True, False, len(taken[0][1]))
        assert heard.parser.get_method() == b"POST"
        assert heard.parser.get_http_version() == "1.1"
        assert heard.goes_on
        assert not heard.parser.should_upgrade()


@given(st.one_of(MESSAGES, st.binary(max_size=80)))
def test_an_answer_is_what_llhttp_reads(data):
    taken = [each.answer(data) for each in BOTH]
    assert taken[0] == taken[1]
    if taken[0] is not None:
        heard = Heard(httptools.HttpResponseParser, data)
        fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in heard.fields}
        assert (heard.parser.get_status_code(), fields, heard.body) == taken[0]
        assert (heard.failed, heard.ended, heard.more, len(heard.fields)) == (False, True, False, len(fields))
        assert heard.parser.get_http_version() == "1.1"
        assert heard.goes_on


def test_the_usual_request_and_answer_are_taken():
    fields = [("Host", "a:80", " "), ("X-Api-Key", "k", " "), ("Content-Length", "3", " ")]
    for each in BOTH:
        assert each.request(message("POST /v1/messages HTTP/1.1", fields, b"abc"), 3, 300) == (
            b"/v1/messages",
            {b"host": b"a:80", b"x-api-key": b"k", b"content-length": b"3"},
            b"abc",
        )
        assert each.answer(message("HTTP/1.1 200 OK", fields[1:], b"abc")) == (
            200,
            {"x-api-key": "k", "content-length": "3"},
            b"abc",
        )


@pytest.mark.parametrize(("most", "largest"), [(2, 300), (3, 60)], ids=["fields", "bytes"])
def test_a_head_beyond_its_limits_is_left_to_whoever_refuses_it(most, largest):
    fields = [("Host", "a:80", " "), ("X-Api-Key", "k" * 20, " "), ("Content-Length", "3", " ")]
    for each in BOTH:
        assert each.request(message("POST / HTTP/1.1", fields, b"abc"), most, largest) is None


@pytest.mark.parametrize("each", BOTH)
def test_other_than_bytes_are_not_taken(each):
    assert each.request(bytearray(b"POST / HTTP/1.1\r\n\r\n"), 4, 300) is None
    assert each.answer(bytearray(b"HTTP/1.1 200 OK\r\n\r\n")) is None
