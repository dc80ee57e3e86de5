"""A demo provider of pictures and speech, on the loopback interface: no model, and named as what it is.

`lexgate-procedural` draws a landscape from the hash of the prompt and writes the prompt on it (Pillow).
`lexgate-espeak` reads a text aloud (espeak-ng, from the package espeakng-loader).

`python -m gateway.demo.media --port 0` prints one JSON line {"url", "models", "pid"} when it answers, and serves
/v1/images/generations and /v1/audio/speech until SIGTERM or until the process that started it is gone. It plays the
provider's part: nothing in the gateway knows or trusts it. Exit codes: 0 stopped, 2 Pillow is missing, 3 no such port.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

from gateway.demo.provider import MISSING, UNUSABLE, die_with_parent

PICTURES, SPEECH = "lexgate-procedural", "lexgate-espeak"
SIZES = ("256x256", "512x512", "1024x1024")
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
_LARGEST_BODY = 1_048_576
_LONGEST_TEXT = 4_000  # characters
_RATE = 22_050
_HOW = "pip install espeakng-loader"


class Wrong(Exception):
    """A request that this provider does not answer; the message says why."""


def installed() -> tuple[str, ...]:
    """The models that can be served here."""
    found = [PICTURES] if find_spec("PIL") is not None else []
    return (*found, *([SPEECH] if find_spec("espeakng_loader") is not None else []))


def draw(prompt: str, size: str = "512x512", form: str = "png") -> bytes:
    """A landscape made of the prompt's hash, with the prompt on it."""
    from PIL import Image, ImageDraw, ImageFont

    width, height = (int(part) for part in size.split("x"))
    seed = hashlib.sha256(prompt.encode()).digest()
    image = Image.linear_gradient("L").resize((width, height))
    sky, ground = (seed[0] // 2 + 90, seed[1] // 2 + 110, 220), (250, seed[2] // 2 + 110, seed[3] // 2 + 80)
    picture = Image.composite(Image.new("RGB", image.size, ground), Image.new("RGB", image.size, sky), image)
    pen = ImageDraw.Draw(picture)
    centre, radius = (width * (40 + seed[4] % 176) // 256, height // 4), height // 12
    pen.ellipse([centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius], fill=(255, 240, 190))
    for layer in range(4):
        first, second = 1 + seed[5 + layer] / 80, 2 + seed[9 + layer] / 40
        base, swing = height * (0.45 + 0.13 * layer), height * 0.07
        ridge = [
            (x, base + swing * (math.sin(first * x / width * 6 + layer) + math.sin(second * x / width * 6) / 2))
            for x in range(0, width + 8, 8)
        ]
        shade = 150 - 34 * layer
        colour = (shade * seed[13] // 320, shade * (160 + seed[14] // 4) // 220, shade * (120 + seed[15] // 2) // 220)
        pen.polygon([*ridge, (width, height), (0, height)], fill=colour)
    font = ImageFont.load_default(size=max(12, height // 22))
    words = "\n".join(textwrap.wrap(prompt, 36)[:3])
    pen.multiline_text((width // 24, height // 24), words, fill="white", font=font, stroke_width=2, stroke_fill="black")
    out = io.BytesIO()
    picture.save(out, _FORMATS[form])
    return out.getvalue()


def speak(text: str, voice: str = "en") -> bytes:
    """The text read aloud, as WAV. Raises Wrong where there is no voice."""
    if find_spec("espeakng_loader") is None:
        raise Wrong(f"{SPEECH} needs the package espeakng-loader: {_HOW}")
    call = [sys.executable, "-m", "watermark.explicit.voice", voice]
    try:
        done = subprocess.run(call, input=text.encode(), capture_output=True, check=True, timeout=60)
    except subprocess.SubprocessError as error:
        raise Wrong("espeak-ng did not read this text") from error
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(done.stdout)
    return out.getvalue()


def images(request: dict[str, Any]) -> tuple[bytes, str]:
    """(body, media type) of /v1/images/generations. Raises Wrong."""
    prompt, size, form = request.get("prompt"), request.get("size", "512x512"), request.get("output_format", "png")
    if type(prompt) is not str or not 0 < len(prompt) <= _LONGEST_TEXT:
        raise Wrong("prompt must be a text")
    if size not in {*SIZES, "auto"} or form not in _FORMATS:
        raise Wrong(f"size must be one of {', '.join(SIZES)}, output_format one of {', '.join(_FORMATS)}")
    if request.get("response_format", "b64_json") != "b64_json" or request.get("stream"):
        raise Wrong("this demo answers with b64_json, whole")
    count = request.get("n", 1)
    if type(count) is not int or not 1 <= count <= 4:
        raise Wrong("n must be 1 to 4")
    size = "512x512" if size == "auto" else size
    pictures = [draw(prompt if not number else f"{prompt} ({number + 1})", size, form) for number in range(count)]
    data = [{"b64_json": base64.b64encode(picture).decode()} for picture in pictures]
    answer = {"created": int(time.time()), "size": size, "output_format": form, "data": data}
    return json.dumps(answer).encode(), "application/json"


def speech(request: dict[str, Any]) -> tuple[bytes, str]:
    """(body, media type) of /v1/audio/speech. Raises Wrong."""
    text = request.get("input")
    if type(text) is not str or not 0 < len(text) <= _LONGEST_TEXT:
        raise Wrong("input must be a text")
    if request.get("response_format") != "wav":
        raise Wrong("this demo answers with wav: say so in response_format")
    return speak(text), "audio/wav"


class Handler(BaseHTTPRequestHandler):
    """One connection. It logs nothing: prompts are no news."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        try:
            self._say(200, *self._answer())
        except (Wrong, ValueError) as error:
            said = str(error) if isinstance(error, Wrong) else "the body is no JSON"
            wrong = {"error": {"type": "invalid_request_error", "message": said, "param": None, "code": None}}
            self._say(400, json.dumps(wrong).encode(), "application/json")

    def _answer(self) -> tuple[bytes, str]:
        length = int(self.headers.get("content-length") or 0)
        if not 0 < length <= _LARGEST_BODY:
            self.close_connection = True
            raise Wrong("the body is too large, or has no length")
        request = json.loads(self.rfile.read(length))
        answers = {"/v1/images/generations": images, "/v1/audio/speech": speech}
        if type(request) is not dict or self.path not in answers:
            raise Wrong("this demo serves /v1/images/generations and /v1/audio/speech")
        return answers[self.path](request)

    def do_GET(self) -> None:
        rows = [{"id": model, "object": "model", "created": 0, "owned_by": "lexgate-demo"} for model in installed()]
        self._say(200, json.dumps({"object": "list", "data": rows}).encode(), "application/json")

    def _say(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it
        pass


def main() -> int:
    """The program; see the module's text for what it prints and how it ends."""
    parser = argparse.ArgumentParser(prog="python -m gateway.demo.media", description="Pictures and speech, locally.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    arguments = parser.parse_args()
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)  # waited for below; the server's threads inherit the mask
    die_with_parent()
    if PICTURES not in installed():
        sys.stderr.write("lexgate demo provider: pictures need Pillow: pip install 'lexgate[media]'\n")
        return MISSING
    try:
        server = ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler)
    except OSError as error:
        sys.stderr.write(f"lexgate demo provider: port {arguments.port} cannot be used: {error.strerror}\n")
        return UNUSABLE
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ready = {"url": f"http://127.0.0.1:{server.server_port}", "models": installed(), "pid": os.getpid()}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    signal.sigwait(stop)
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
