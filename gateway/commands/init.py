"""`lexgate init`: key files, a first operator, a first caller, and a commented lexgate.yaml."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from string import Template

import click

from gateway.commands.key import new_key
from gateway.errors import ConfigurationError

TEMPLATE = Path(__file__).with_name("lexgate.yaml.template")
PASSPHRASE = "KEYS_PASSPHRASE"  # noqa: S105  the name of a variable, not a secret
SHORTEST = 12
"""Characters of a passphrase for production."""


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where to create it.")
@click.option(
    "--production",
    is_flag=True,
    help=f"Refuse keys without a passphrase (read from {PASSPHRASE}) and plain HTTP off loopback.",
)
def init(folder: Path, production: bool) -> None:
    """Create keys, a first operator and caller, and a commented lexgate.yaml. Overwrites nothing."""
    passphrase = os.environ.get(PASSPHRASE, "")
    if production and not passphrase:
        raise click.ClickException(f"--production: set {PASSPHRASE}; the key files are encrypted with it")
    if production and len(passphrase) < SHORTEST:
        raise click.ClickException(f"--production: {PASSPHRASE} needs {SHORTEST} characters or more")
    try:
        made = create(folder, production=production, passphrase=passphrase)
    except ConfigurationError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"configuration  {folder / 'lexgate.yaml'}")
    click.echo(f"key files      {folder / 'keys'}")
    click.echo(f"caller key     {made['caller']}   (shown once)")
    click.echo(f"operator key   {made['operator']}   (shown once)")
    click.echo("Next: name your provider in lexgate.yaml, then run `lexgate serve`.")


def create(folder: Path, *, production: bool = False, passphrase: str = "", demo: bool = False) -> dict[str, str]:
    """Creates everything under a lock; returns the caller's and the operator's key. Raises ConfigurationError."""
    from audit.keys import Keyring

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".init.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target = folder / "lexgate.yaml"
        for existing in (target, folder / "keys"):
            if existing.exists():
                raise ConfigurationError(f"{existing} exists already; nothing was changed")
        Keyring.create(folder / "keys", passphrase)
        caller, caller_hash = new_key("caller")
        operator, operator_hash = new_key("operator")
        public, public_hash = new_key("caller") if demo else ("", "")
        text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
            caller_sha256=caller_hash,
            operator_sha256=operator_hash,
            production="true" if production else "false",
            passphrase=f'"env:{PASSPHRASE}"' if passphrase else '""',
            providers=DEMO_PROVIDER if demo else NO_PROVIDER,
            public_application=PUBLIC_APPLICATION if demo else "",
            public_caller=Template(PUBLIC_CALLER).substitute(sha256=public_hash) if demo else "",
        )
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    (folder / ".init.lock").unlink(missing_ok=True)
    return {"caller": caller, "operator": operator} | ({"public": public} if demo else {})


NO_PROVIDER = """\
providers: []                            # until one is named here, every call is answered with 404
#  - name: openai
#    base_url: https://api.openai.com
#    protocols: [openai]                 # API families it speaks: openai, anthropic, gemini
#    jurisdiction: US                    # where the tokens are processed (ISO 3166-1)
#    models: ["gpt-*", "o*"]             # patterns; the first provider that matches gets the call
#    secret: env:OPENAI_API_KEY          # env:NAME or file:PATH; never comes from or goes to callers
#    retention_days: 30                  # facts for policy, from the provider's terms
#    training: false
#    certifications: [dpf]"""

PUBLIC_APPLICATION = """\

  - {name: public, tenant: main, audience: public, purpose: answers}   # what it makes is labelled and marked"""
PUBLIC_CALLER = """\

  - {key_sha256: "$sha256", application: public, user: public.user, country: DE}"""

DEMO_PROVIDER = """\
providers:
  - name: demo-media                     # draws and speaks on this machine; no model, and named as what it is
    base_url: http://127.0.0.1:8091
    protocols: [openai]
    jurisdiction: DE
    models: [lexgate-procedural, lexgate-espeak]
    retention_days: 0
    training: false
  - name: demo                           # a real small model on this machine, standing in for a provider abroad
    base_url: http://127.0.0.1:8090
    protocols: [openai, anthropic]       # API families it speaks
    jurisdiction: US                     # where the tokens are processed (ISO 3166-1)
    models: [smollm2-135m, "*"]          # patterns; the first provider that matches gets the call
    tokenizer: smollm2
    retention_days: 0
    training: false"""
