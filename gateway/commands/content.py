"""`lexgate content`: is this ours, and from which call? And: mark what was made elsewhere."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from audit.errors import AuditError
from gateway.commands.audit import DOES_NOT_HOLD, HOLDS, exits, json_option, load_settings, open_keyring, open_records
from gateway.commands.options import config_option
from gateway.errors import BadRequest, LexgateError, TooLarge
from watermark.errors import WatermarkError

if TYPE_CHECKING:
    from gateway.content.elsewhere import Wish
    from gateway.content.verification import Verification
    from gateway.content.words import Language
    from gateway.settings import Settings


@click.group()
def content() -> None:
    """Verify content, and mark content made elsewhere."""


@content.command()
@click.argument("file")
@config_option
@json_option
@click.option("--tenant", default="", help="Look in this tenant's records only; otherwise in all.")
@click.option(
    "--sidecar",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A C2PA manifest that lies beside FILE.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the words; otherwise that of LANG.")
@exits
def verify(file: str, config: Path, as_json: bool, tenant: str, sidecar: Path | None, language: str | None) -> None:
    """Say what FILE (- for standard input) carries of where it comes from, and whether the record confirms it.

    Exit status 0: confirmed by the record; 1: not confirmed; 2: could not be tried. No mark never means that a human
    made it.
    """
    from gateway.content.words import as_document

    settings = load_settings(config)
    found = _verified(settings, _read(file, settings.verification.bytes), tenant, sidecar)
    said = _language(language)
    click.echo(orjson.dumps(as_document(found, said)) if as_json else told(found, said))
    sys.exit(HOLDS if found.verdict.word == "confirmed" else DOES_NOT_HOLD)


@content.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the marked files.",
)
@config_option
@json_option
@click.option("--application", default="", help="For which application; otherwise the first of the configuration.")
@click.option("--profile", default="", help="Jurisdiction profile; otherwise labels.profile.")
@click.option("--country", default="", help="Where it is published (ISO 3166-1); otherwise the organisation's country.")
@click.option("--audience", default="public", show_default=True, help="Who is to see it.")
@click.option("--language", default="", help="Of the explicit label; otherwise the country's.")
@click.option(
    "--add",
    multiple=True,
    type=click.Choice(["explicit", "invisible", "aigc", "c2pa"]),
    help="A mark more than the profile demands.",
)
@click.option(
    "--unsupported",
    type=click.Choice(["profile", "block", "sidecar", "record"]),
    help="For files that cannot carry a demanded mark; otherwise marking.unsupported.",
)
@click.option("--model", default="", help="What made it, as far as known.")
@click.option("--provider", default="", help="Whose service that was.")
@exits
def mark(
    files: tuple[Path, ...],
    output: Path,
    config: Path,
    as_json: bool,
    application: str,
    profile: str,
    country: str,
    audience: str,
    language: str,
    add: tuple[str, ...],
    unsupported: str | None,
    model: str,
    provider: str,
) -> None:
    """Mark FILES made elsewhere and write them to a folder; each is recorded first.

    Exit status 0: all are marked; 1: some are not, and were not written; 2: could not be tried.
    """
    from gateway.content.elsewhere import Wish

    settings = load_settings(config)
    found = next((one for one in settings.applications if application in {"", one.name}), None)
    if found is None:
        raise BadRequest("there is no such application", param="application")
    wish = Wish(
        application=found.name,
        tenant=found.tenant,
        user="command line",
        profile=profile or settings.labels.profile,
        country=country or settings.organisation.country,
        audience=audience,
        language=language,
        added=add,
        unsupported=unsupported or settings.marking.unsupported,  # type: ignore[arg-type]
        model=model,
        provider=provider,
    )
    _check_names(files, output)
    failed = asyncio.run(_mark_all(config, settings, files, output, wish, as_json))
    if not as_json:
        click.echo(f"{len(files) - failed} of {len(files)} files marked, in {output}")
    sys.exit(DOES_NOT_HOLD if failed else HOLDS)


def _check_names(files: tuple[Path, ...], output: Path) -> None:
    """Raises BadRequest when two files would have one name, or one is there: nothing is overwritten."""
    names = [file.name for file in files]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise BadRequest(f"two of the files are called {twice}")
    there = next((name for name in names if (output / name).exists()), "")
    if there:
        raise BadRequest(f"{output / there} exists already, and nothing is overwritten")


async def _mark_all(
    config: Path, settings: Settings, files: tuple[Path, ...], output: Path, wish: Wish, as_json: bool
) -> int:
    """Marks each file and tells so; how many were not."""
    from gateway.content.elsewhere import Marker

    output.mkdir(parents=True, exist_ok=True)
    marker = Marker(config, settings, open_keyring(settings))
    failed = 0
    try:
        for number, file in enumerate(files, 1):
            told: dict[str, Any] = {"file": str(file), "output": None, "error": None}
            try:
                done = await marker.mark(_read(str(file), settings.marking.largest_bytes), wish)
                told["output"] = str(_write(output / file.name, done.marked.data))
                if done.marked.sidecar is not None:
                    told["sidecar"] = str(_write(output / f"{file.name}.c2pa", done.marked.sidecar))
                told |= {"flow": done.flow, "media_type": done.marked.media_type, "profile": done.profile}
                told["carries"] = list(done.marked.carries)
            except (LexgateError, AuditError, WatermarkError, OSError) as error:
                failed += 1
                told["error"] = str(error)
            _tell(told, f"{number}/{len(files)}", as_json)
    finally:
        marker.close()
    return failed


def _tell(told: dict[str, Any], place: str, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(told))
        return
    said = f"NOT MARKED: {told['error']}" if told["error"] else ", ".join(told["carries"])
    click.echo(f"{place:>9}  {Path(told['file']).name}  {said}")


def _write(path: Path, data: bytes) -> Path:
    """A new file, whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".marking-", delete=False) as file:
        temporary = Path(file.name)
    try:
        temporary.write_bytes(data)
        temporary.chmod(0o644)
        os.link(temporary, path)  # fails where there is one already
    finally:
        temporary.unlink()
    return path


def _verified(settings: Settings, data: bytes, tenant: str, sidecar: Path | None) -> Verification:
    from gateway.content.compose import verifier_of
    from gateway.control.scope import ScopedRecords

    tenants = frozenset({tenant}) if tenant else None
    records = open_records(settings)
    verifier, examiner = verifier_of(settings, open_keyring(settings))
    try:
        beside = sidecar.read_bytes() if sidecar is not None else b""
        return verifier.verify(data, "", tenants, ScopedRecords(records, tenants).get, beside)
    finally:
        examiner.close()
        records.close()


def told(found: Verification, language: Language) -> str:
    """The answer in plain words: the verdict, each kind of evidence, and the calls that the content agrees with."""
    from gateway.content.words import KINDS, MATCHES, TITLES, as_document, sentence, stated

    lines = [f"{TITLES[found.verdict.word][language]}. {sentence(found, language)}", ""]
    width = max(len(KINDS[item.kind][language]) for item in found.carried.evidence)
    for item in found.carried.evidence:
        lines.append(f"  {KINDS[item.kind][language]:<{width}}  {stated(item, language)}")
        lines += [f"  {'':<{width}}    {name}: {value}" for name, value in item.details.items()]
    for match in as_document(found, language)["matches"]:
        by = ", ".join(MATCHES[name][language] for name in match["by"])
        of = " / ".join(
            str(match[name]) for name in ("time", "tenant", "application", "provider", "model") if match[name]
        )
        lines += ["", f"  {match['flow']}  {match['share'] / 10:.0f} %  {by}", f"    {of}"]
        lines += [f"    {match['stamped']['words']}"] if match["stamped"] else []
    return "\n".join(lines)


def _read(file: str, most: int) -> bytes:
    """The bytes of a file or of standard input. Raises TooLarge, BadRequest."""
    if file == "-":
        data = sys.stdin.buffer.read(most + 1)
    else:
        with Path(file).open("rb") as opened:
            data = opened.read(most + 1)
    if len(data) > most:
        raise TooLarge(f"the file is larger than verification.bytes ({most} bytes)")
    if not data:
        raise BadRequest("the file is empty")
    return data


def _language(asked: str | None) -> Language:
    spoken = asked or next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if spoken.startswith("zh") else "en"
