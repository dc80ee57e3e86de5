"""The server around the application: TLS, sockets, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.control.operators import Role
from gateway.control.serve import TlsFiles, run
from tests.gateway.control.parts import KEYS, MemoryRecords, deps, flow_id, serving


def certificate(folder: Path, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None):
    """A key and a certificate for 127.0.0.1 in PEM files; self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    import ipaddress

    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return built, key


def test_tls_and_mutual_tls(tmp_path: Path) -> None:
    authority = certificate(tmp_path, "ca")
    for name in ("server", "client"):
        certificate(tmp_path, name, authority)
    certificate(tmp_path, "stranger")
    trust = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    plain = TlsFiles(tmp_path / "server.pem", tmp_path / "server.key")
    with serving(deps(), tls=plain) as url:
        answer = httpx.get(url + "/healthz", verify=trust)
        assert answer.status_code == 200
        assert "max-age" in answer.headers["strict-transport-security"]
        with pytest.raises(httpx.ConnectError):
            httpx.get(url + "/healthz")
    mutual = TlsFiles(tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "ca.pem")
    with serving(deps(), tls=mutual) as url:
        with pytest.raises(httpx.TransportError):
            httpx.get(url + "/healthz", verify=trust)
        known = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        known.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
        assert httpx.get(url + "/healthz", verify=known).status_code == 200
        foreign = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        foreign.load_cert_chain(tmp_path / "stranger.pem", tmp_path / "stranger.key")
        with pytest.raises(httpx.TransportError):
            httpx.get(url + "/healthz", verify=foreign)


def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "control.sock")
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(path)
    bound.listen()
    with serving(deps(), sockets=[bound]):
        with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client:
            assert client.get("http://control/healthz").status_code == 200


def test_an_address_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError):
        asyncio.run(run(deps(), port=taken.getsockname()[1]))


def test_running_requests_end_before_the_server_does() -> None:
    inside, release = threading.Event(), threading.Event()

    class Slow(MemoryRecords):
        def get(self, flow: str):
            inside.set()
            release.wait(10)
            return super().get(flow)

    answers: list[int] = []

    def ask() -> None:
        headers = {"Authorization": f"Bearer {KEYS[Role.SECURITY]}"}
        answers.append(httpx.get(f"{url}/api/records/{flow_id(1)}", headers=headers, timeout=20).status_code)

    with serving(deps(records=Slow())) as url:
        asking = threading.Thread(target=ask)
        asking.start()
        assert inside.wait(10)
        threading.Timer(0.3, release.set).start()
    asking.join(10)
    assert answers == [200]


def test_sigterm_ends_it_cleanly() -> None:
    program = (
        "import asyncio\n"
        "from gateway.control.serve import run\n"
        "from tests.gateway.control.parts import deps\n"
        "asyncio.run(run(deps(), port=0, ready=lambda port: print(port, flush=True)))\n"
        "print('ended', flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        port = int(child.stdout.readline())
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        os.kill(child.pid, signal.SIGTERM)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert (out, err, child.returncode) == ("ended\n", "", 0)
