"""The doctor over real installations, each with one thing wrong: it is named, with a remedy, and nothing is changed."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.__main__ import lexgate
from gateway.commands.init import create
from tests.audit.lab import Lab, intent, new_flow, outcome, rewrite
from tests.gateway.identity.issuer import jwks, key
from tests.providers.stage import Reply, Stage

PROVIDER = {"name": "far", "base_url": "http://127.0.0.1:9", "jurisdiction": "US", "secret": "env:FAR_KEY"}
ISSUER = {"issuer": "https://login.example.org/", "audiences": ["lexgate"], "country": "DE"}
SECRET = "sk-very-secret-provider-key"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `lexgate init` makes, with a provider named."""
    create(tmp_path)
    configure(tmp_path, providers=[PROVIDER])
    monkeypatch.setenv("FAR_KEY", SECRET)
    return tmp_path


def configure(folder: Path, **options: Any) -> None:
    file = folder / "lexgate.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | options))


def examined(folder: Path, *options: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """The exit status, and the findings by check."""
    command = ["doctor", "--json", "--config", str(folder / "lexgate.yaml"), *options]
    done = CliRunner().invoke(lexgate, command)
    assert SECRET not in done.output
    findings: dict[str, list[dict[str, str]]] = {}
    for line in done.stdout.splitlines():
        found = json.loads(line)
        findings.setdefault(found["check"], []).append(found)
    return done.exit_code, findings


def problems(findings: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {name: found["words"] for name, all_ in findings.items() for found in all_ if found["level"] == "problem"}


def test_a_sound_installation_has_no_problem(installed: Path) -> None:
    before = sorted(path for path in installed.rglob("*"))
    status, findings = examined(installed)
    assert (status, problems(findings)) == (0, {})
    assert {"configuration", "sqlite", "clock", "files", "processors", "disk", "keys", "store", "bundle", "inspectors",
            "providers", "callers"} <= set(findings)  # fmt: skip
    assert sorted(path for path in installed.rglob("*")) == before, "it changes nothing"


def test_what_is_wrong_is_said_to_people_with_a_remedy(installed: Path) -> None:
    (installed / "keys/kek.key").chmod(0o644)
    done = CliRunner().invoke(lexgate, ["doctor", "--config", str(installed / "lexgate.yaml")])
    assert done.exit_code == 1
    assert "PROBLEM keys" in done.stdout
    assert f"chmod 600 {installed}/keys/kek.key" in done.stdout


def break_key(folder: Path) -> None:
    (folder / "keys/root.key").write_text("{}")


def lose_keys(folder: Path) -> None:
    (folder / "keys").rename(folder / "elsewhere")


def open_folder(folder: Path) -> None:
    (folder / "keys").chmod(0o755)


def no_provider(folder: Path) -> None:
    configure(folder, providers=[])


def no_secret(folder: Path) -> None:
    configure(folder, providers=[PROVIDER | {"secret": "env:NO_SUCH_VARIABLE"}])


def empty_secret(folder: Path) -> None:
    (folder / "empty").write_text("\n")
    configure(folder, providers=[PROVIDER | {"secret": f"file:{folder / 'empty'}"}])


def one_of_the_pool_is_gone(folder: Path) -> None:
    configure(folder, providers=[PROVIDER | {"secrets": ["env:NO_SUCH_VARIABLE"]}])


def no_secret_for_the_proxy(folder: Path) -> None:
    proxy = {"proxy": "http://127.0.0.1:9", "proxy_secret": "env:NO_SUCH_VARIABLE"}
    configure(folder, providers=[PROVIDER | proxy])


def issuer_without_keys(folder: Path) -> None:
    (folder / "keys.json").write_text('{"keys": []}')
    configure(folder, issuers=[ISSUER | {"jwks_file": str(folder / "keys.json")}])


def damaged_issued_keys(folder: Path) -> None:
    (folder / "issued-keys.json").write_text("{")


def broken_bundle(folder: Path) -> None:
    (folder / "rules").mkdir()
    (folder / "rules/rule.rego").write_text("package lexgate\nthis is no rego {")
    configure(folder, policies={"bundle": str(folder / "rules")})


def garbage_store(folder: Path) -> None:
    (folder / "lexgate.db").write_bytes(b"no database" * 1000)


def expired_certificate(folder: Path) -> None:
    certificate(folder, valid_days=-1)
    configure(folder, tls={"certificate": str(folder / "c.pem"), "key": str(folder / "k.pem")})


@pytest.mark.parametrize(
    ("breaks", "check"),
    [
        (break_key, "keys"), (lose_keys, "keys"), (open_folder, "keys"), (no_provider, "providers"),
        (one_of_the_pool_is_gone, "providers"), (no_secret_for_the_proxy, "providers"), (issuer_without_keys, "issuers"),
        (damaged_issued_keys, "callers"),
        (no_secret, "providers"), (empty_secret, "providers"), (broken_bundle, "bundle"), (garbage_store, "store"),
        (expired_certificate, "tls"),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_named(installed: Path, breaks: Callable[[Path], None], check: str) -> None:
    breaks(installed)
    status, findings = examined(installed)
    assert status == 1
    assert set(problems(findings)) == {check}
    assert all(found["remedy"] for found in findings[check] if found["level"] != "good")


def test_a_bad_configuration_is_named_with_its_line(installed: Path) -> None:
    (installed / "lexgate.yaml").write_text("workers: many\n")
    status, findings = examined(installed)
    assert status == 1
    assert "lexgate.yaml:1" in problems(findings)["configuration"]


def test_without_a_configuration_nothing_can_be_tried(tmp_path: Path) -> None:
    assert examined(tmp_path) == (2, {})


def test_limits_beyond_the_machine_are_warned_of(installed: Path) -> None:
    configure(installed, workers=64, limits={"tenant_concurrent": 10_000_000})
    status, findings = examined(installed)
    assert status == 0
    assert [findings[name][0]["level"] for name in ("files", "processors")] == ["warning", "warning"]


async def test_a_store_that_was_written_to_behind_the_log_does_not_verify(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.start()
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    await log.append(outcome(flow))
    await log.close()
    lab.stop()
    (lab.folder / "lexgate.yaml").write_text(
        f"store: sqlite:///{lab.store}\nkeys: {{file: {lab.keys}}}\norigin: lexgate/test\n"
    )
    assert examined(lab.folder)[1]["store"][-1]["level"] == "good"
    from audit.store.sqlite import connect_writer

    writer = connect_writer(lab.store)
    rewrite(writer, lambda leaves: leaves[1].__setitem__(1, leaves[1][1].replace(b":", b" :")))
    writer.close()
    status, findings = examined(lab.folder)
    assert (status, "store" in problems(findings)) == (1, True), findings["store"]


def certificate(folder: Path, valid_days: int) -> None:
    """A certificate for 127.0.0.1 that nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=valid_days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "k.pem").chmod(0o600)


@contextmanager
def listening(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server, and what it was told."""
    certificate(folder, valid_days=9)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "c.pem", folder / "k.pem")
    told: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                    with context.wrap_socket(connection, server_side=True) as secure:
                        told.append(secure.recv(100))
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}", told
        server.shutdown(socket.SHUT_RDWR)


def test_providers_are_connected_to_only_when_asked_and_told_nothing(installed: Path) -> None:
    assert "reach" not in examined(installed)[1]
    status, findings = examined(installed, "--reach")
    assert (status, "127.0.0.1:9" in problems(findings)["reach"]) == (1, True)
    with listening(installed) as (url, told):
        configure(installed, providers=[PROVIDER | {"base_url": url}])
        assert "not trusted" in problems(examined(installed, "--reach")[1])["reach"]
        configure(installed, providers=[PROVIDER | {"base_url": url, "ca": str(installed / "c.pem")}])
        assert examined(installed, "--reach")[1]["reach"][0]["level"] == "good"
        assert b"".join(told) == b""


def test_a_provider_behind_a_proxy_is_reached_through_it(installed: Path) -> None:
    with listening(installed) as (url, _):
        behind = PROVIDER | {"base_url": url, "ca": str(installed / "c.pem"), "proxy": "http://127.0.0.1:1"}
        configure(installed, providers=[behind])
        assert "its proxy cannot be reached" in problems(examined(installed, "--reach")[1])["reach"]


def test_the_keys_of_issuers_are_read_when_asked(installed: Path) -> None:
    with Stage() as stage:
        configure(installed, providers=[PROVIDER | {"base_url": stage.url}], issuers=[ISSUER | {"jwks_url": f"{stage.url}/jwks"}])  # fmt: skip
        stage.play(Reply(302, {"location": "/elsewhere"}), Reply(body=jwks(key("one"))))
        assert "status 302" in problems(examined(installed, "--reach")[1])["reach"]
        status, findings = examined(installed, "--reach")
        assert (status, [found["level"] for found in findings["reach"]]) == (0, ["good", "good"])
        assert [asked.path for asked in stage.asked] == ["/jwks", "/jwks"]


def test_a_pool_of_keys_and_callers_without_a_key_of_the_configuration_are_no_fault(installed: Path) -> None:
    configure(installed, providers=[{**PROVIDER, "secret": "", "secrets": ["env:FAR_KEY"]}], principals=[])
    assert "Nobody may call" in examined(installed)[1]["callers"][0]["words"]
    (installed / "keys.json").write_text(json.dumps(jwks(key("one"))))
    configure(installed, issuers=[ISSUER | {"jwks_file": str(installed / "keys.json")}])
    findings = examined(installed)[1]
    assert "Nobody" not in json.dumps(findings)
    assert [found["level"] for found in findings["providers"] + findings["issuers"]] == ["good", "good"]
