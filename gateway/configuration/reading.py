"""Reading lexgate.yaml: YAML with line numbers, LEXGATE_* overrides, and errors that name file and line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gateway.errors import ConfigurationError
from gateway.settings import Settings

PREFIX = "LEXGATE_"
RESERVED = frozenset({"LEXGATE_READY_FD", "LEXGATE_HEARTBEAT_FD", "LEXGATE_PARENT"})
MAX_BYTES = 4 * 1024 * 1024


def load(path: str | Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from a file and the environment. Relative paths in it are relative to the file.

    Raises ConfigurationError: "lexgate.yaml:12: providers.0.jurisdiction: a country is two capital letters…".
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from error
    if len(raw) > MAX_BYTES:
        raise ConfigurationError(f"{file}: larger than {MAX_BYTES} bytes")
    node = _compose(file, raw)
    lines: dict[tuple[str, ...], int] = {}
    document = {} if node is None else _construct(file, node, (), lines)
    if not isinstance(document, dict):
        raise ConfigurationError(f"{file}:1: the document is a mapping of options")
    overridden = _override(document, os.environ if environment is None else environment)
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(_explain(file, error, lines, overridden)) from None
    return _anchored(settings, file.resolve().parent)


def _compose(file: Path, raw: bytes) -> yaml.Node | None:
    try:
        return yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{file}:{line}: {error.problem or 'not valid YAML'}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise ConfigurationError(f"{file}:1: not valid YAML in UTF-8") from None


def _construct(file: Path, node: yaml.Node, at: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> Any:
    """Plain Python of a YAML node; remembers the line of every key. Duplicate keys are errors, aliases are not needed."""
    lines[at] = node.start_mark.line + 1
    if len(at) > 16:
        raise ConfigurationError(f"{file}:{lines[at]}: nested too deeply")
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                raise ConfigurationError(f"{file}:{key_node.start_mark.line + 1}: {'.'.join((*at, key))}: given twice")
            result[key] = _construct(file, value_node, (*at, key), lines)
            lines[(*at, key)] = key_node.start_mark.line + 1
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_construct(file, item, (*at, str(index)), lines) for index, item in enumerate(node.value)]
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"{file}:{lines[at]}: {'.'.join(at)}: {error}") from None
    finally:
        loader.dispose()


def _override(document: dict[str, Any], environment: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Applies LEXGATE_A__B=value to document[a][b]; returns which variable set which key."""
    applied: dict[tuple[str, ...], str] = {}
    for name, value in sorted(environment.items()):
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        keys = tuple(name.removeprefix(PREFIX).lower().split("__"))
        target = document
        for key in keys[:-1]:
            child = target.get(key)
            target[key] = target = child if isinstance(child, dict) else {}
        try:
            target[keys[-1]] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigurationError(f"{name}: not a YAML value") from None
        applied[keys] = name
    return applied


def _explain(
    file: Path, error: ValidationError, lines: dict[tuple[str, ...], int], overridden: dict[tuple[str, ...], str]
) -> str:
    problems = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        where = tuple(str(part) for part in item["loc"])
        variable = overridden.get(where)
        anchor = where
        while anchor not in lines and anchor:
            anchor = anchor[:-1]
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "unknown option"
        place = variable or f"{file}:{lines.get(anchor, 1)}"
        problems.append(f"{place}: {'.'.join(where) or 'options'}: {message}")
    return "\n".join(problems)


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Relative paths become absolute, anchored at the configuration file's folder."""

    def anchor(value: str) -> str:
        return str(folder / value) if value else value

    def reference(value: str) -> str:
        scheme, _, name = value.partition(":")
        return f"file:{folder / name}" if scheme == "file" else value

    tls = settings.tls
    bundle = settings.policies.bundle
    return settings.model_copy(
        update={
            "store": "sqlite:///" + anchor(str(settings.store_path)),
            "run_dir": anchor(settings.run_dir),
            "keys": settings.keys.model_copy(
                update={
                    "file": anchor(settings.keys.file),
                    "issued": anchor(settings.keys.issued),
                    "passphrase": reference(settings.keys.passphrase),
                }
            ),
            "inspection": settings.inspection.model_copy(
                update={
                    name: anchor(getattr(settings.inspection, name))
                    for name in ("recognizers", "dictionaries", "registered")
                }
            ),
            "providers": tuple(
                provider.model_copy(
                    update={
                        "ca": anchor(provider.ca),
                        "secret": reference(provider.secret),
                        "secrets": tuple(reference(secret) for secret in provider.secrets),
                        "proxy_secret": reference(provider.proxy_secret),
                    }
                )
                for provider in settings.providers
            ),
            "tls": tls.model_copy(
                update={name: anchor(getattr(tls, name)) for name in ("certificate", "key", "client_ca")}
            ),
            "issuers": tuple(
                issuer.model_copy(update={name: anchor(getattr(issuer, name)) for name in ("jwks_file", "ca")})
                for issuer in settings.issuers
            ),
            "metering": settings.metering.model_copy(
                update={"price_books": tuple(anchor(book) for book in settings.metering.price_books)}
            ),
            "policies": settings.policies.model_copy(
                update={"bundle": bundle if bundle.startswith("builtin:") else anchor(bundle)}
            ),
        }
    )
