"""How the canned provider behaves: read from the *model name* of a request, because headers do not cross a gateway.

A model name is one content word and any number of modifiers, joined by slashes or commas: `echo/size-1/cut-3`.

Content (what the answer says; default `echo`):
    echo            the text of the last user message            echo-last   the last message, whatever its role
    echo-all        every text of the request, line by line      echo-body   the request body as received
    tool, tool-N    one (or N) tool calls; arguments {"text": <last user text>}
    both            a text (the last user text), then one tool call
    json            the JSON text {"echo": <last user text>}
    thinking        a signed thinking block, then the last user text
    canned-Nx       "word " N times, one chunk each              text:B64    exactly this text (URL-safe base64, UTF-8)
    huge, huge-N    N (8) MiB of text in chunks of 64 KiB
Modifiers:
    size-N          characters per delta (default 4)             tcp-N       socket writes of at most N bytes
    slow-Nms        wait before each chunk                       first-Nms   wait before the first byte
    cut-N           close the connection after N events          stall-N     fall silent after N events
    reset-N         TCP reset after N events (0: before any)     error-N     an error event after N events, then close
    noend           end cleanly without the terminal event       length      finish as if the token limit was reached
    status-N        an error answer with this HTTP status        malformed   one event (or the body) is broken JSON
    lie+N, lie-N    reported output tokens wrong by N            liein+N     reported input tokens wrong by N
    cached-N        N of the input tokens are cached              thought-N   N hidden reasoning tokens more (Responses)
    nousage         no usage reported                            crlf        event lines end in CRLF, comments between
    gzip            body compressed although nobody asked        close       no length: the body ends with the connection
    hang            accepts the request, never answers           reset       the same as reset-0
    garbage         answers something that is not HTTP
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

_CONTENT = re.compile(
    r"echo|echo-last|echo-all|echo-body|tool|tool-\d+|both|json|thinking|canned-\d+x|text:.*|huge|huge-\d+"
)
_NUMBERED = re.compile(r"(size|tcp|cut|stall|reset|error|status|cached|thought)-(\d+)")
_WAIT = re.compile(r"(slow|first)-(\d+)ms")
_LIE = re.compile(r"(lie|liein)([+-]\d+)")
_FLAGS = frozenset({"noend", "length", "malformed", "nousage", "crlf", "gzip", "close", "hang", "garbage"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One model name, understood. Numbers are -1 where the name does not ask for them."""

    content: str = "echo"
    flags: frozenset[str] = frozenset()
    size: int = 4
    tcp: int = 0
    slow_s: float = 0.0
    first_s: float = 0.0
    cut: int = -1
    stall: int = -1
    reset: int = -1
    error: int = -1
    status: int = 200
    cached: int = 0
    thought: int = 0
    lie_output: int = 0
    lie_input: int = 0


def parse(model: str) -> Behaviour:
    """Read a model name; a word this provider does not know is ignored, so that any model name gets an echo."""
    content, flags = "echo", set()
    numbers: dict[str, int] = {}
    waits: dict[str, float] = {}
    lies: dict[str, int] = {}
    for word in re.split("[,/]", model):
        if _CONTENT.fullmatch(word):
            content = word
        elif word in _FLAGS:
            flags.add(word)
        elif word == "reset":
            numbers["reset"] = 0
        elif match := _NUMBERED.fullmatch(word):
            numbers[match[1]] = int(match[2])
        elif match := _WAIT.fullmatch(word):
            waits[match[1] + "_s"] = int(match[2]) / 1000
        elif match := _LIE.fullmatch(word):
            lies["lie_output" if match[1] == "lie" else "lie_input"] = int(match[2])
    return Behaviour(content=content, flags=frozenset(flags), **numbers, **waits, **lies)  # type: ignore[arg-type]


def says(text: str) -> str:
    """The model name that makes the provider say exactly `text`, written backwards: a gateway reads encoded text, too."""
    return "text:" + base64.urlsafe_b64encode(text[::-1].encode()).decode().rstrip("=")


def said(content: str) -> str:
    """The text inside a `text:` word; the inverse of `says`."""
    encoded = content.removeprefix("text:")
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()[::-1]
