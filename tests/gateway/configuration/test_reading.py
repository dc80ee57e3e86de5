"""lexgate.yaml is read strictly, and every complaint names file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.configuration.reading import load
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


def test_paths_of_providers_and_issuers_are_anchored_too(tmp_path: Path) -> None:
    provider = "jurisdiction: US\n    ca: ca.pem\n    secret: file:key\n    secrets: [file:/k/2, env:K]\n    proxy_secret: file:p"
    issuer = "\nissuers:\n  - {issuer: x, audiences: [a], jwks_file: jwks.json, ca: ca.pem, country: DE}\n"
    settings = load(written(tmp_path, GOOD.replace("jurisdiction: US", provider) + issuer), {})
    one, said = settings.providers[0], settings.issuers[0]
    assert (one.ca, one.secret, one.proxy_secret) == (
        f"{tmp_path}/ca.pem", f"file:{tmp_path}/key", f"file:{tmp_path}/p",
    )  # fmt: skip
    assert one.secrets == ("file:/k/2", "env:K")
    assert (said.jwks_file, said.ca) == (f"{tmp_path}/jwks.json", f"{tmp_path}/ca.pem")
    assert settings.issued_keys_path == tmp_path / "issued-keys.json"


ISSUER = "issuers: [{issuer: x, audiences: [a], country: DE, "


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (ISSUER + "}]", "jwks_url or a jwks_file"),
        (ISSUER + "jwks_url: https://a/b, jwks_file: c}]", "jwks_url or a jwks_file"),
        (ISSUER + "jwks_url: http://login.example.org/jwks}]", "needs https"),
        (ISSUER + "jwks_file: f, algorithms: [HS256]}]", "Input should be"),
        (ISSUER + "jwks_file: f, algorithms: [none]}]", "Input should be"),
        (ISSUER + "jwks_file: f, application: nobody}]", "not listed in applications"),
        (ISSUER + "jwks_file: f, application_names: {a: nobody}}]", "not listed in applications"),
        (ISSUER + "jwks_file: f, user: 'claim:'}]", "a claim is"),
        ("issuers: [{issuer: x, audiences: [], country: DE, jwks_file: f}]", "at least 1"),
        ("certificates: [{subject: 'CN:x', application: crm, user: u, country: DE}]", "client_ca"),
        ("certificates: [{subject: x, application: crm, user: u, country: DE}]", "String should match"),
    ],
)
def test_identities_that_cannot_be_are_refused(tmp_path: Path, more: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        load(written(tmp_path, GOOD + more + "\n"), {})
    assert "lexgate.yaml:" in caught.value.message


@pytest.mark.parametrize(
    "proxy", ["https://proxy:3128", "http://user:pw@proxy:3128", "http://proxy", "socks5://p:1", "proxy:1"]
)
def test_a_proxy_is_plain_and_names_its_port(tmp_path: Path, proxy: str) -> None:
    with pytest.raises(ConfigurationError, match=r"providers\.0\.proxy"):
        load(written(tmp_path, GOOD.replace("jurisdiction: US", f"jurisdiction: US\n    proxy: {proxy}")), {})


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
