"""Scrapy's resolver, held to `crawler.addresses`: a name that leads inside is refused unless the owner named it."""

from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from crawler.addresses import is_public


class NotPublic(CannotResolveHostError):
    """A name that resolves to a loopback, private or otherwise inside address."""


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
