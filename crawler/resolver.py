"""Which addresses may be connected to: every answer of the resolver must be public, unless the owner named the host."""

import ipaddress
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from crawler.urls import DEFAULT_PORTS


class NotPublic(CannotResolveHostError):
    """A name that resolves to a loopback, private or otherwise inside address."""


def is_public(address: str) -> bool:
    """Whether *address*, an IPv4 or IPv6 literal without brackets, is one of the public internet."""
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not ip.is_multicast


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


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, refusing names that lead inside.

    The address that passed is the one connected to, so that a second look-up cannot change it.
    """

    def __init__(
        self, reactor: ReactorBase, cache_size: int, timeout: float, allowed: frozenset[str]
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.allowed = allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> "PublicResolver":
        """Take the hosts the owner named from the setting ``PRESSMARK_ALLOWED_HOSTS`` (``host:port`` each)."""
        hosts = frozenset(
            entry.rpartition(":")[0] for entry in crawler.settings.getlist("PRESSMARK_ALLOWED_HOSTS")
        )
        settings = crawler.settings
        return cls(reactor, settings.getint("DNSCACHE_SIZE"), settings.getfloat("DNS_TIMEOUT"), hosts)

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:  # noqa: N802 (Twisted's name)
        """Resolve *name* to an IPv4 address that may be connected to."""
        deferred = super().getHostByName(name, timeout)
        if name not in self.allowed:
            deferred.addCallback(_require_public, name)
        return deferred


def _require_public(address: str, name: str) -> str:
    if not is_public(address):
        raise NotPublic(f"{name} resolves to {address}, which is not a public address")
    return address
