"""A call over TLS reaches only the host it is meant for; otherwise nothing is sent."""

import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.errors import UpstreamFailed
from gateway.settings import Timeouts
from gateway.upstream.client import UpstreamClient
from gateway.upstream.port import Unreachable
from tests.gateway.upstream.scripted import EOF, RESET, Scripted, call, client

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
LOCAL = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder, name="authority") -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        built = self._start(self.name, self.key, NOW + DAY).add_extension(x509.BasicConstraints(True, 0), True)
        built = built.add_extension(usage, True).add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False
        )
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _start(self, subject, key, until):
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(NOW - 3 * DAY).not_valid_after(until)
        )  # fmt: skip

    def server(self, names=(LOCAL,), until=NOW + DAY) -> ssl.SSLContext:
        """The context of a server that shows a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = self._start(x509.Name([]), key, until).add_extension(x509.SubjectAlternativeName(names), True)
        built = built.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
        ).sign(self.key, hashes.SHA256())
        path = self.folder / "server.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
async def one():
    made = client()
    yield made
    await made.close()


async def test_an_authority_of_the_providers_own(one, authority):
    async with Scripted(authority.server()) as server:
        provider = server.provider(ca=str(authority.path))
        assert [await call(one, provider) for _ in range(5)] == [b"good"] * 5
        assert server.connections == 1


async def test_a_host_name_is_asked_for_and_checked(one, authority):
    asked = []
    context = authority.server([x509.DNSName("localhost")])
    context.sni_callback = lambda socket, name, _: asked.append(name)
    async with Scripted(context) as server:
        provider = server.provider(ca=str(authority.path), base_url=f"https://localhost:{server.port}")
        assert await call(one, provider) == b"good"
        assert asked == ["localhost"]


@pytest.mark.parametrize("size", [70_000, 5_000_000])
async def test_large_bodies_both_ways(one, authority, size):
    async with Scripted(authority.server()) as server:
        server.scripts["/large"] = [b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"y" * size]
        assert await call(one, server.provider(ca=str(authority.path)), "/large", b"x" * size) == b"y" * size
        assert server.requests[0][2] == b"x" * size


async def test_the_wrong_host(one, authority):
    async with Scripted(authority.server([x509.DNSName("other.example")])) as server:
        with pytest.raises(Unreachable, match="certificate that is not trusted"):
            await call(one, server.provider(ca=str(authority.path)))
        assert server.requests == []


async def test_an_expired_certificate(one, authority):
    async with Scripted(authority.server(until=NOW - DAY)) as server:
        with pytest.raises(Unreachable, match="expired"):
            await call(one, server.provider(ca=str(authority.path)))
        assert server.requests == []


async def test_an_authority_that_is_not_the_providers(one, authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    async with Scripted(authority.server()) as server:
        for ca in (str(other.path), ""):
            with pytest.raises(Unreachable, match="certificate that is not trusted"):
                await call(one, server.provider(ca=ca))
        assert server.requests == []


async def test_trust_of_one_provider_does_not_open_another(one, authority):
    async with Scripted(authority.server()) as server:
        assert await call(one, server.provider(ca=str(authority.path))) == b"good"
        with pytest.raises(Unreachable):
            await call(one, server.provider(ca=""))
        assert len(server.requests) == 1


@pytest.mark.parametrize("make", [client, lambda: UpstreamClient(Timeouts())], ids=["http1", "aiohttp"])
async def test_a_reload_trusts_a_replaced_authority_and_the_old_one_no_more(make, authority, tmp_path):
    one = make()
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    in_force = tmp_path / "in-force.pem"
    in_force.write_bytes(authority.path.read_bytes())
    async with Scripted(authority.server()) as before, Scripted(other.server()) as after:
        await call(one, before.provider(ca=str(in_force)))
        (tmp_path / "next.pem").write_bytes(other.path.read_bytes())
        (tmp_path / "next.pem").replace(in_force)
        assert await call(one, after.provider(name="after", ca=str(in_force))) == b"good"
        with pytest.raises(UpstreamFailed):  # a provider's entry is another object after a reload
            await call(one, before.provider(ca=str(in_force)))
        assert len(before.requests) == 1
    await one.close()


async def test_a_ca_file_that_is_none(one, authority, tmp_path):
    (tmp_path / "empty.pem").write_text("nothing")
    async with Scripted(authority.server()) as server:
        for ca in (tmp_path / "absent.pem", tmp_path / "empty.pem"):
            with pytest.raises(Unreachable, match="ca file"):
                await call(one, server.provider(ca=str(ca)))


async def test_a_server_that_speaks_no_tls(one, authority):
    async with Scripted() as server:
        provider = server.provider(base_url=server.url.replace("http:", "https:"), ca=str(authority.path))
        one_quick = client(connect=0.3)
        with pytest.raises(Unreachable):
            await call(one_quick, provider)
        await one_quick.close()


@pytest.mark.parametrize("end", [EOF, RESET])
async def test_an_answer_cut_short(one, authority, end):
    async with Scripted(authority.server()) as server:
        server.scripts["/cut"] = [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", end]
        with pytest.raises(UpstreamFailed, match="broke"):
            await call(one, server.provider(ca=str(authority.path)), "/cut")
        assert await call(one, server.provider(ca=str(authority.path))) == b"good"


async def test_a_body_that_ends_with_its_connection_must_end_properly(one, authority):
    async with Scripted(authority.server()) as server:
        server.scripts["/end"] = [b"HTTP/1.1 200 OK\r\n\r\nwhole", EOF]
        server.scripts["/reset"] = [b"HTTP/1.1 200 OK\r\n\r\nhalf", RESET]
        assert await call(one, server.provider(ca=str(authority.path)), "/end") == b"whole"
        with pytest.raises(UpstreamFailed):
            await call(one, server.provider(ca=str(authority.path)), "/reset")
