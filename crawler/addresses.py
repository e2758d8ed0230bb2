"""Which addresses may be connected to: those of the public internet on web ports, and what the owner named."""

import ipaddress

from crawler.urls import DEFAULT_PORTS

# IPv6 that a gateway turns into an IPv4 address, an inside one too: compatible, NAT64 (RFC 6052, 8215), 6to4.
_LEADS_TO_IPV4 = tuple(
    ipaddress.IPv6Network(network) for network in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")
)


def is_public(address: str) -> bool:
    """Whether *address*, an IPv4 or IPv6 literal without brackets, is one of the public internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip.is_site_local or any(ip in network for network in _LEADS_TO_IPV4):
            return False
    return ip.is_global and not ip.is_multicast


def refusal(scheme: str, host: str, port: int | None, allowed: frozenset[str]) -> str | None:
    """Return why a request may not go to *host* and *port*, or ``None`` when it may.

    *allowed* holds the ``host:port`` the owner named; *host* is a name or an address literal without
    brackets. A name that passes here is still checked by `PublicResolver` once it is resolved.
    """
    number = port or DEFAULT_PORTS[scheme]
    if f"{host}:{number}" in allowed:
        return None
    try:
        if not is_public(host):
            return f"not a public address; --allow-host {host}:{number} admits it"
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            return f"not a public address; --allow-host {host}:{number} admits it"
    if number != DEFAULT_PORTS[scheme]:
        return f"port {number} is not a web port; --allow-host {host}:{number} admits it"
    return None
