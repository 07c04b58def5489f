"""Which addresses may be asked for somebody whom we do not know: none that lead into networks of our own.

A name can lead elsewhere each time it is looked up, so it is looked up here, and the request goes to what was found.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from app.errors import PermanentFailure

# https://www.rfc-editor.org/rfc/rfc6052#section-2.1: an address of IPv4 in its last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")
ADVICE = (
    "Use an address that everybody can reach, or ask the people who run Switchboard to set ALLOW_PRIVATE_ADDRESSES."
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether everybody reaches the same there: no loopback, no private or link-local network, no multicast."""
    if isinstance(address, IPv6Address) and (inner := _inner(address)) is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast


def find_public(host: str, port: int) -> str:
    """An address of this host that may be asked. Raises ``PermanentFailure`` where one of its addresses may not, and
    ``OSError`` where it has none."""
    found = [ip_address(str(known[4][0]).partition("%")[0]) for known in _look_up(host, port)]
    if not all(map(is_public, found)):
        raise PermanentFailure("private_address", f"{host} is in a private network. {ADVICE}")
    return str(found[0])


def goes_by_proxy(url: str) -> bool:
    """Whether the environment has a proxy for it, which then looks names up."""
    parts, proxies = urlsplit(url), getproxies()
    has_proxy = proxies.get(parts.scheme) or proxies.get("all")
    return bool(has_proxy) and not proxy_bypass(parts.hostname or "")


def _look_up(host: str, port: int) -> list[tuple[object, object, object, str, tuple[object, ...]]]:
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except UnicodeError as error:  # a label that is empty or too long
        raise OSError(str(error)) from None


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The address of IPv4 that this one leads to by way of a translator."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
