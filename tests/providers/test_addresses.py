"""Accounts of people whom we do not know lead nowhere into networks of our own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.errors import PermanentFailure, TemporaryFailure
from app.providers.addresses import is_public
from app.providers.http import Http, _tls
from app.providers.registry import PROVIDERS
from tests.clocks import NOON, MovedClock
from tests.providers.standin import Reply, StandIn

PUBLIC = "93.184.216.34"


@pytest.fixture
def vendor() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def http_to(url: str) -> Http:
    return Http(url, MovedClock(NOON), vendor="Example", check=(), only_public=True)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """``names("93.184.216.34", "127.0.0.1")`` lets any name lead there, one look after the other; returns who was
    looked up."""

    def lead_to(*addresses: str) -> list[str]:
        asked: list[str] = []

        def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
            asked.append(host)
            address = addresses[min(len(asked), len(addresses)) - 1]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return lead_to


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("64:ff9b::5db8:d822", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_everybodys(address: str, expected: bool) -> None:
    assert is_public(ip_address(address)) is expected


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_nobody_is_asked_in_a_private_network(vendor: StandIn, host: str) -> None:
    http = http_to(vendor.url.replace("127.0.0.1", host))
    with pytest.raises((PermanentFailure, TemporaryFailure)) as refused:
        http.request("GET", "/")
    assert refused.value.code in {"private_address", "unreachable"}
    assert vendor.asked == []


def test_the_refusal_says_what_to_do(vendor: StandIn) -> None:
    with pytest.raises(PermanentFailure, match="ALLOW_PRIVATE_ADDRESSES"):
        http_to(vendor.url).request("GET", "/")


def test_a_name_that_leads_elsewhere_the_second_time_is_refused(
    vendor: StandIn, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = _connect_all_to(vendor, monkeypatch)
    names(PUBLIC, "127.0.0.1")
    http = http_to("http://meet.example.com:8080")
    assert http.request("GET", "/one").status == 200
    with pytest.raises(PermanentFailure, match="private network"):
        http.request("GET", "/two")
    assert [asked.path for asked in vendor.asked] == ["/one"]
    assert connected == [(PUBLIC, 8080)]


def test_the_request_goes_to_what_was_looked_at_and_keeps_its_name(
    vendor: StandIn, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = _connect_all_to(vendor, monkeypatch)
    looked_up = names(PUBLIC)
    http_to("http://meet.example.com").request("GET", "/")
    assert looked_up == ["meet.example.com"]
    assert connected == [(PUBLIC, 80)]
    assert vendor.asked[0].headers["host"] == "meet.example.com"


@pytest.mark.parametrize(("certified", "is_trusted"), [("meet.example.com", True), ("other.example.com", False)])
def test_the_certificate_must_still_be_the_names(
    certified: str,
    is_trusted: bool,
    vendor: StandIn,
    names: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(_certificate(certified))
    vendor.speak_tls(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    _tls.cache_clear()
    _connect_all_to(vendor, monkeypatch)
    names(PUBLIC)
    http = http_to("https://meet.example.com")
    try:
        if is_trusted:
            assert http.request("GET", "/").status == 200
        else:
            with pytest.raises(TemporaryFailure, match="cannot be reached"):
                http.request("GET", "/")
    finally:
        _tls.cache_clear()
    assert len(vendor.asked) == is_trusted


def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in (PUBLIC, "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(PermanentFailure, match="private network"):
        http_to("http://meet.example.com").request("GET", "/")


def test_a_name_that_nobody_has_may_be_somebodys_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "nobody")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        http_to("http://meet.example.com").request("GET", "/")


def test_behind_a_proxy_the_proxy_is_asked_by_name(vendor: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def only_the_proxy(host: Any, *arguments: Any, **named: Any) -> Any:
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "nobody")
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", only_the_proxy)
    monkeypatch.setenv("http_proxy", vendor.url)
    vendor.next_reply(Reply())
    assert http_to("http://meet.example.com").request("GET", "/").status == 200
    with pytest.raises(PermanentFailure, match="private network"):
        http_to("http://127.0.0.1:1").request("GET", "/")
    assert len(vendor.asked) == 1


def test_the_operators_own_accounts_lead_anywhere() -> None:
    for provider in PROVIDERS:
        assert provider.Account.model_construct().only_public is False  # type: ignore[attr-defined]


def _connect_all_to(vendor: StandIn, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every connection ends at the vendor, as if the addresses were its own."""
    connected: list[tuple[str, int]] = []
    port = int(vendor.url.rpartition(":")[2])

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        connected.append(address)
        made = socket.socket()
        made.connect(("127.0.0.1", port))
        return made

    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


def _certificate(name: str) -> bytes:
    """One that its own key has signed, with the key behind it, in PEM."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
