"""`lexgate run`: everything on this machine, for a first look. Behind `make run`.

Creates ./.lexgate on first use (keys, configuration, one caller, one operator), starts a demo provider when no other
provider is configured, then the gateway; prints how to use it; ends all of it on Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.errors import ConfigurationError, Unavailable

if TYPE_CHECKING:
    from gateway.processes.births import Nursery
    from gateway.settings import Settings

FOLDER = Path(".lexgate")
DEMO_PORT, MEDIA_PORT = 8090, 8091
DEMO_SECONDS = 60.0

PROMPT = "Repeat after me: Hello Maria Schneider, your number is +49 151 23456789."
"""A sentence that so small a model repeats without mistakes, placeholders included."""

MEDIA_BANNER = """\
  A picture, for a public application: the label on it can be seen, its manifest and its mark can be checked:

    curl -s {scheme}://{data}/v1/images/generations -H 'Authorization: Bearer {public}' -H 'Content-Type: application/json' \\
      -d '{{"model":"lexgate-procedural","prompt":"a lake at dawn"}}' \\
      | {python} -c 'import base64,json,sys; open("picture.png","wb").write(base64.b64decode(json.load(sys.stdin)["data"][0]["b64_json"]))'

"""

BANNER = """\

  Lexgate is running.  Ctrl-C ends it.

  data plane      {scheme}://{data}      OpenAI: base_url {scheme}://{data}/v1   Anthropic: base_url {scheme}://{data}
  control plane   {scheme}://{control}      status page at /, health at /readyz
  provider        {providers}
  caller key      {caller}
  operator key    {operator}

  Try it. The name and the number do not reach the model; its answer, which repeats them, has them again:

    curl -s {scheme}://{data}/v1/chat/completions -H 'Authorization: Bearer {caller}' -H 'Content-Type: application/json' \\
      -d '{{"model":"{model}","max_tokens":80,"temperature":0,"messages":[{{"role":"user","content":"{prompt}"}}]}}'

{media}  Then see its record:

    {lexgate} audit search --config {config}
    {lexgate} audit show FLOW --config {config}
"""


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=FOLDER, show_default=True)
def run(folder: Path) -> None:
    """Run the gateway, its control API and a demo provider, for a first look."""
    from gateway.processes.births import Nursery

    nursery = Nursery.open()  # it imports beside us
    from gateway.telemetry import logs

    logs.configure("supervisor", "warning")
    try:
        keys = prepare(folder)
        asyncio.run(_run(folder, keys, nursery))
    except (ConfigurationError, Unavailable) as error:
        raise click.ClickException(error.message) from None
    finally:
        if nursery is not None:
            nursery.close()


def prepare(folder: Path) -> dict[str, str]:
    """Creates the demo's configuration on first use; returns its caller key and operator key."""
    from gateway.commands.init import create

    notes = folder / "demo-keys.json"
    if notes.exists():
        keys: dict[str, str] = json.loads(notes.read_text())
        return keys
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = create(folder, demo=True)
    descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file)
    return keys


async def _run(folder: Path, keys: dict[str, str], nursery: Nursery | None) -> None:
    from gateway.configuration.reading import load
    from gateway.supervisor import Supervisor

    config = folder / "lexgate.yaml"
    settings = load(config)
    local = [item for item in settings.providers if item.name == "demo"]
    pictures = _pictures_can_be_shown(settings, keys)
    async with contextlib.AsyncExitStack() as stack:
        if local:
            click.echo("starting the demo provider …")
            await stack.enter_async_context(_demo_provider("gateway.demo.provider", DEMO_PORT))
        if pictures:
            await stack.enter_async_context(_demo_provider("gateway.demo.media", MEDIA_PORT))
        click.echo("starting the gateway …")
        ready = asyncio.Event()
        supervising = asyncio.ensure_future(Supervisor(config, settings, nursery).run(ready))
        waiting = asyncio.ensure_future(ready.wait())
        await asyncio.wait({supervising, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if ready.is_set():
            click.echo(
                BANNER.format(
                    scheme="https" if settings.tls.certificate else "http",
                    data=settings.listen.data,
                    control=settings.listen.control,
                    providers=", ".join(
                        f"{item.name} ({item.base_url}, {item.jurisdiction})" for item in settings.providers
                    ),
                    model=next(
                        (m for item in settings.providers if item.name != "demo-media" for m in item.models), "MODEL"
                    ),
                    config=config,
                    prompt=PROMPT,
                    lexgate=_from_here(Path(sys.argv[0])),
                    media=_media_banner(settings, keys) if pictures else "",
                    **keys,
                )
            )
        waiting.cancel()
        await supervising


def _pictures_can_be_shown(settings: Settings, keys: dict[str, str]) -> bool:
    """Whether the extra `media` is there, and this folder's configuration knows the provider that draws."""
    from gateway.marking.installed import unavailable

    known = "public" in keys and any(item.name == "demo-media" for item in settings.providers)
    return known and not unavailable(settings.marking.processes)


def _media_banner(settings: Settings, keys: dict[str, str]) -> str:
    scheme = "https" if settings.tls.certificate else "http"
    return MEDIA_BANNER.format(
        scheme=scheme, data=settings.listen.data, python=_from_here(Path(sys.executable)), public=keys["public"]
    )


def _from_here(program: Path) -> str:
    """How a program is called from the folder that this one was started in."""
    try:
        return str(program.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(program)


@contextlib.asynccontextmanager
async def _demo_provider(module: str, port: int) -> AsyncIterator[None]:
    """A demo provider as a process of its own, ready to answer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--port", str(port),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        if process.stdout is None:
            raise Unavailable("the demo provider has no output")
        try:
            line = await asyncio.wait_for(process.stdout.readline(), DEMO_SECONDS)
        except TimeoutError:
            raise Unavailable("the demo provider did not start in time") from None
        if not line:
            raise Unavailable("the demo provider could not start; its reason stands above")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
