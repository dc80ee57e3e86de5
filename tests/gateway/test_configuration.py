"""lexgate.yaml is read strictly, and every complaint names file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.configuration import load
from gateway.errors import ConfigurationError

GOOD = """\
listen: {data: 127.0.0.1:9000}
providers:
  - name: demo
    base_url: http://127.0.0.1:8090
    protocols: [openai, anthropic]
    jurisdiction: US
applications:
  - {name: crm, tenant: acme}
principals:
  - {key_sha256: "%s", application: crm, user: li.wei, country: CN}
transfers:
  - {tenant: acme, mechanism: cn_standard_contract, from: CN, to: [US]}
""" % ("0" * 64)


def written(folder: Path, text: str) -> Path:
    file = folder / "lexgate.yaml"
    file.write_text(text)
    return file


def test_a_good_file_is_read_and_its_paths_are_anchored_at_its_folder(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD), {})
    assert settings.listen.data == "127.0.0.1:9000"
    assert settings.providers[0].jurisdiction == "US"
    assert settings.transfers[0].from_ == "CN"
    assert settings.store_path == tmp_path / "lexgate.db"
    assert settings.keys_dir == tmp_path / "keys"


def test_a_variable_overrides_the_file(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD), {"LEXGATE_LISTEN__DATA": "127.0.0.1:9999", "LEXGATE_WORKERS": "3"})
    assert (settings.listen.data, settings.workers) == ("127.0.0.1:9999", 3)


@pytest.mark.parametrize(
    ("change", "line", "complaint"),
    [
        (("jurisdiction: US", "jurisdiction: usa"), 6, "two capital letters"),
        (("jurisdiction: US", "jurisdicion: US"), 6, "unknown option"),
        (("application: crm", "application: cmr"), 1, "is not listed in applications"),
        (("    protocols", "  protocols"), 5, "expected"),
        (("user: li.wei", "user: li.wei, user: x"), 10, "given twice"),
        (("http://127.0.0.1:8090", "ftp://127.0.0.1"), 4, "String should match"),
        (("tenant: acme, mechanism", "tenant: acme, x: *a, mechanism"), 12, "undefined alias"),
        (("127.0.0.1:9000", "nowhere"), 1, "HOST:PORT"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, complaint: str
) -> None:
    file = written(tmp_path, GOOD.replace(*change))
    with pytest.raises(ConfigurationError) as refused:
        load(file, {})
    assert complaint in refused.value.message
    assert f"{file}:{line}:" in refused.value.message


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^LEXGATE_WORKERS: workers"):
        load(written(tmp_path, GOOD), {"LEXGATE_WORKERS": "many"})


def test_a_missing_file_and_a_binary_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "none.yaml", {})
    (tmp_path / "lexgate.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        load(tmp_path / "lexgate.yaml", {})


PRODUCTION = "production: true\nkeys: {passphrase: env:P}\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("production: true\n", "passphrase"),
        (PRODUCTION + "listen: {data: '0.0.0.0:8080'}\n", "tls.certificate"),
        (
            PRODUCTION + "providers: [{name: a, base_url: 'http://api.example.com', jurisdiction: US}]\n",
            "needs https",
        ),
    ],
)
def test_production_refuses_development_keys_and_plain_http_off_loopback(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        load(written(tmp_path, text), {})
