"""What a run may ask for, and how often: own hosts, public addresses, robots.txt, traps, the owner's rules."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from crawler.addresses import refusal
from crawler.config import CrawlConfig
from crawler.items import Article, Link, Site, Source
from crawler.politeness import Robots
from crawler.urls import DEFAULT_PORTS, netloc, origin, pattern, site_name, trap

MIN_DELAY_SECONDS = 1.0
"""Only an address the owner named with ``--allow-host`` may be asked more often."""
MAX_BARREN_PAGES_PER_PATTERN = 200
"""Pages of one shape of address that gave neither an article nor a new link; more are a trap."""

OUTSIDE_DATES = "published outside the dates asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What this run is asked for, beyond the configuration."""

    since: date | None = None
    until: date | None = None
    limit: int | None = None
    """Articles stored by this run, at most."""
    recheck: bool = False
    """Every held article is due."""
    poll: bool = True
    """The site's listings are due now."""
    delay_seconds: float | None = None
    allowed_hosts: frozenset[str] = frozenset()
    """``host:port`` that may be fetched although they are not public."""


class Gate:
    """The rules of one site; every request passes here first."""

    def __init__(self, site: Site, config: CrawlConfig, options: Options) -> None:
        self.site, self.config, self.options = site, config, options
        self.home = origin(site.start)
        """Origin of the start address."""
        self.homes = {self.home}
        """It and those the front page has moved to."""
        self.robots: dict[str, Robots] = {}
        """robots.txt of each origin, once it is known."""
        self._own = {site.name, *site.hosts}
        self._is_own: dict[str, bool] = {}
        self._include = [re.compile(text) for text in site.include]
        self._exclude = [re.compile(text) for text in site.exclude]
        self._barren: Counter[str] = Counter()
        parts = urlsplit(site.start)
        host = parts.hostname or ""
        # The port of a public start address is as good as named.
        named = (
            {f"{host}:{parts.port}"}
            if parts.port and refusal("http", host, None, frozenset()) is None
            else set()
        )
        self._allowed = options.allowed_hosts | named

    # Whose pages

    def is_own(self, url: str) -> bool:
        """Whether *url* is a page of this site."""
        host = netloc(url)
        if host not in self._is_own:
            self._is_own[host] = site_name(url) in self._own or host in self._own
        return self._is_own[host]

    def admit(self, url: str) -> None:
        """Take the host of *url* for this site's own from now on."""
        self._own.add(site_name(url))
        self.homes.add(origin(url))
        self._is_own.clear()

    def wanted(self, links: Iterable[Link]) -> list[Link]:
        """Return those of *links* that are this site's to follow: its pages, and the feeds it names on any host."""
        own, listing = self.is_own, Source.AUTODISCOVERY
        return [link for link in links if link.source is listing or own(link.url)]

    # What may be asked for

    def refusal(self, link: Link) -> str | None:
        """Return why *link* is not to be requested, robots.txt aside, or ``None``."""
        if link.source is not Source.START and any(rule.search(link.url) for rule in self._exclude):
            return "excluded by the configuration"
        if self._barren[pattern(link.url)] >= MAX_BARREN_PAGES_PER_PATTERN:
            return "a trap: too many pages of this shape gave nothing"
        return trap(link.url) or self.address_refusal(link.url)

    def address_refusal(self, url: str) -> str | None:
        """Return why the host or port of *url* may not be connected to, or ``None``."""
        parts = urlsplit(url)
        return refusal(parts.scheme, parts.hostname or "", parts.port, self._allowed)

    def robots_refusal(self, url: str) -> str | None:
        """Return why the robots.txt of its origin, which is known, keeps us from *url*, or ``None``."""
        robots = self.robots[origin(url)]
        if robots.allows(url, self.config.user_agent):
            return None
        return "robots.txt forbids it" if robots.state == "rules" else "robots.txt cannot be read"

    def note_barren(self, url: str) -> None:
        """Note that the page at *url* gave neither an article nor a new link."""
        self._barren[pattern(url)] += 1

    def unwanted(self, article: Article) -> str | None:
        """Return why *article* is none this run or this site is to keep, or ``None``."""
        if not self.is_own(article.url):
            return "a page of another site"
        if self._include and not any(rule.search(article.url) for rule in self._include):
            return "not included by the configuration"
        language = (article.language or "").partition("-")[0].lower()
        if self.site.languages and language and language not in self.site.languages:
            return f"language {article.language} is not wanted"
        day = date.fromisoformat(article.date[:10]) if article.date else None
        if day and ((self.since and day < self.since) or (self.options.until and day > self.options.until)):
            return OUTSIDE_DATES
        return None

    @property
    def since(self) -> date | None:
        """The oldest day wanted, by the command or the configuration."""
        return max((day for day in (self.options.since, self.site.since) if day), default=None)

    # How often

    def crawl_delay_seconds(self, host: str) -> float | None:
        """Return the gap that robots.txt of the origin *host* asks for."""
        robots = self.robots.get(host)
        return robots.crawl_delay_seconds(self.config.user_agent) if robots else None

    def delay_seconds(self, host: str) -> float:
        """Return the gap to keep between requests to the origin *host*: ours or what its robots.txt asks, the larger."""
        given = self.options.delay_seconds
        if given is None or (given < MIN_DELAY_SECONDS and not self._is_named(host)):
            given = self.site.delay_seconds or self.config.delay
        return max(given, self.crawl_delay_seconds(host) or 0.0)

    def _is_named(self, host: str) -> bool:
        parts = urlsplit(host)
        return f"{parts.hostname}:{parts.port or DEFAULT_PORTS[parts.scheme]}" in self.options.allowed_hosts
