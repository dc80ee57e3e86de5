"""`lexgate content`: is this ours, and from which call? And: mark what was made elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from gateway.commands.audit import DOES_NOT_HOLD, HOLDS, exits, json_option, load_settings, open_keyring, open_records
from gateway.commands.options import config_option
from gateway.errors import BadRequest, TooLarge

if TYPE_CHECKING:
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
