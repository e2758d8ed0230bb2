"""The values the crawler passes on: Site → Link → Capture → Reading → Article."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Source(StrEnum):
    """Where a link was found; the order is the order of trust in what was said of it there."""

    START = "start"
    """The address the owner gave."""
    ROBOTS = "robots"
    """A ``Sitemap:`` line of robots.txt."""
    NEWS_SITEMAP = "news-sitemap"
    SITEMAP = "sitemap"
    SITEMAP_INDEX = "sitemap-index"
    """A sitemap that a sitemap index names."""
    FEED = "feed"
    AUTODISCOVERY = "autodiscovery"
    """A ``<link rel="alternate">`` to a feed."""
    WELL_KNOWN = "well-known"
    """A customary address such as ``/sitemap.xml``, tried when nothing named one."""
    SECTION = "section"
    """A listing page in HTML."""
    RELATED = "related"
    INLINE = "inline"
    PAGE = "page"
    """Any other anchor of an article or other page."""
    IMPORT = "import"
    """A capture in somebody else's WARC."""


class Kind(StrEnum):
    """What a page turns out to be."""

    ARTICLE = "article"
    LISTING = "listing"
    """Feed, sitemap or section page; `Reading.form` says which."""
    WALL = "wall"
    """Stands where an article should: consent, paywall, bot challenge, JavaScript only."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One news site we keep."""

    name: str
    """Registered host without ``www.``, IDNA ASCII, ``-<port>`` when not the scheme's default."""
    start: str
    """Address the crawl begins at, canonical form."""
    hosts: tuple[str, ...] = ()
    """Further hosts (``host`` or ``host:port``) whose pages are this site's articles."""
    include: tuple[str, ...] = ()
    """Regular expressions; when any are given, an article's address must match one."""
    exclude: tuple[str, ...] = ()
    """Regular expressions of addresses never fetched."""
    since: date | None = None
    """Oldest article wanted."""
    delay_seconds: float | None = None
    """Gap between requests to one host; ``None`` means the configuration's default."""
    languages: tuple[str, ...] = ()
    """BCP 47 primary subtags wanted; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL found on a page or in a listing, with what was said of it there."""

    url: str
    """Canonical form (`crawler.urls.canonicalize`)."""
    source: Source
    found_on: str | None = None
    """Address of the page or listing; ``None`` for the start address."""
    text: str | None = None
    """Anchor text, one line."""
    title: str | None = None
    """Headline a feed or news sitemap gives."""
    published: str | None = None
    """First publication a feed or news sitemap states, ISO 8601."""
    modified: str | None = None
    """Last change stated (sitemap ``lastmod``, feed ``updated``), ISO 8601."""
    language: str | None = None
    """BCP 47, as a news sitemap states it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One stored response with its time."""

    url: str
    """Address of the response, canonical form."""
    status: int
    headers: tuple[tuple[str, str], ...]
    """In the order received, names as received."""
    body: bytes
    """Content codings undone."""
    captured: datetime
    """When the response arrived, UTC, whole seconds."""

    def header(self, name: str) -> str | None:
        """Return the first header called *name*, in any case, or ``None``."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    """A link an article carries: related, as the publisher shows it, or inline, in its text."""

    rel: str
    """``related`` or ``inline``."""
    position: int
    """Place among the links of this ``rel`` on the page, from 1."""
    text: str
    """Headline or anchor text, one line."""
    url: str | None = None
    """Absolute http(s) address; ``None`` when the page shows a headline only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The cleaned text of one capture with its metadata.

    Field names are the front-matter keys of the corpus file, in its order.
    """

    title: str
    """Headline as printed, without the site's name; one line."""
    description: str | None = None
    """Standfirst."""
    date: str | None = None
    """First publication, ISO 8601 with the offset the page states, or a bare day. Never guessed."""
    date_source: str | None = None
    """``json-ld``, ``meta``, ``time``, ``sitemap``, ``feed``, ``url`` or ``masthead``."""
    modified: str | None = None
    """Last change the publisher states, ISO 8601."""
    authors: tuple[str, ...] = ()
    """Names in print order, without "By"."""
    section: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None
    """BCP 47."""
    site: str
    """`Site.name`."""
    publisher: str | None = None
    """Printed name of the newspaper."""
    url: str
    """Address of the response at first capture, canonical form."""
    canonical_url: str | None = None
    """The address the page claims, when it differs from `url`; recorded, never trusted."""
    id: str
    """12 hex digits of SHA-256 of the identity of `url`."""
    words: int
    """Length of the body; each CJK character counts as a word."""
    notices: tuple[str, ...] = ()
    """Facts that a dropped notice stated, e.g. ``ai-generated``."""
    image: str | None = None
    """Address of the lead image."""
    image_caption: str | None = None
    copy_of: str | None = None
    """`id` of the article of this site, held earlier, that has the same text at an unlike address."""
    gone: str | None = None
    """Day on which the site confirmed that the article is no more, ISO 8601."""
    rights: tuple[str, ...] = ()
    """Licence, robots meta, TDM reservation, each ``name: value`` as found."""
    captured: str | None = None
    """When the capture that first gave this text was taken, ``YYYY-MM-DDThh:mm:ssZ``."""
    warc: str | None = None
    """Where that capture lies, ``<file name>:<offset in bytes>``."""
    digest: str | None = None
    """``sha256:<hex>`` of that capture's body."""
    body: str = ""
    """Markdown in the corpus's dialect: one paragraph a line, no raw HTML, no repeated headline."""
    links: tuple[PageLink, ...] = ()
    """Related and inline links in page order; kept beside the corpus file, not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one capture turns out to be."""

    kind: Kind
    form: str | None = None
    """For a listing: ``feed``, ``sitemap-index``, ``sitemap``, ``news-sitemap`` or ``section``."""
    reasons: tuple[str, ...] = ()
    """Why it is of this kind, strongest first; for a wall or other page, why it is no article."""
    links: tuple[Link, ...] = ()
    """What it leads to, in page order."""
    article: Article | None = None
    """Present exactly when *kind* is ``ARTICLE``."""
    notices: tuple["Notice", ...] = ()
    """The notices dropped, kept once a site."""
    marks: tuple["Mark", ...] = ()
    """What of the article may recur on the site's other pages."""
    refresh_seconds: int | None = None
    """How long a feed says that it stays as it is (``ttl``, ``sy:updatePeriod``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A text that a site puts on its articles and that states a fact about them."""

    fact: str
    """As in `Article.notices`, e.g. ``ai-generated``."""
    text: str
    """One line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something an article shows that may recur: a line of its story, the end of its title, a related link."""

    number: int
    """Of what it is and where it stands: equal for equal things (`crawler.cleaner.memory`)."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """Something that many articles of a site show."""

    text: str
    articles: int
    """How many show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What recurs on a site's pages: ``archive/sites/<site>/memory.json``."""

    articles: int = 0
    """How many it was learned from."""
    lines: tuple[Recurring, ...] = ()
    """Lines that stand in the stories of too many articles to be theirs."""
    title_ends: tuple[Recurring, ...] = ()
    """What follows the headline in titles."""
    links: tuple[Recurring, ...] = ()
    """Addresses that are shown as related to too many articles to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRecord:
    """What is known of a site: ``archive/sites/<site>/site.toml``."""

    name: str
    """`Site.name`."""
    start: str | None = None
    """Address a crawl begins at; ``None`` for a site known by imported captures alone, which no schedule crawls."""
    publisher: str | None = None
    """Printed name, as most of its articles give it."""
    robots: str | None = None
    """What its robots.txt was: ``rules``, ``none`` (4xx) or ``unreachable`` (5xx or no answer)."""
    robots_warc: str | None = None
    """Where the capture of its robots.txt lies, ``<file name>:<offset in bytes>``."""
    crawl_delay_seconds: float | None = None
    """As robots.txt asks of us."""
    rights: tuple[str, ...] = ()
    """Distinct `Article.rights` of its articles, sorted."""
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One page that gave no result, and why."""

    url: str
    reason: str


OUTCOMES = (
    "stored",
    "revised",
    "unchanged",
    "gone",
    "listing",
    "redirect",
    "copy",
    "wall",
    "refused",
    "failed",
)
"""What a page requested can end in; every page ends in exactly one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What one source of links gave."""

    named: int = 0
    """Articles held that it names; one may be named by several sources."""
    only: int = 0
    """Articles held that no other source names."""
    fresh: int = 0
    """`Quality.fresh` articles of this run that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What the articles that one run stored or revised were like: what later runs are compared with."""

    articles: int = 0
    fresh: int = 0
    """Of them, news: published within three days before it was fetched, or undated and new in a listing known before."""
    dated: int = 0
    """Of the fresh, as those that follow: what a backfill finds is of another time."""
    signed: int = 0
    """With authors."""
    described: int = 0
    """With a description."""
    words: int = 0
    """Median length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What one run did at one site: ``archive/runs/<utc>-<site>.json``.

    Every page requested ends in exactly one outcome, so `outcomes` sums to `pages`.
    """

    site: str
    started: str
    """``YYYY-MM-DDThh:mm:ssZ``, as `ended`."""
    ended: str
    finished: str
    """Why it ended: ``done``, or what cut it short, e.g. ``limit of 10 articles``."""
    failed: bool
    """Whether somebody should look: the site gave nothing, could not be visited, or there are `alarms`."""
    alarms: tuple[str, ...] = ()
    """What is far from the site's own history: `crawler.health.alarms`."""
    warnings: tuple[str, ...] = ()
    """What is odd and fails nothing, e.g. a source that dried up."""
    pages: int
    """Links followed to an outcome."""
    requests: int
    """Requests made, robots.txt and second tries counted."""
    received_bytes: int
    """Of bodies, after content codings are undone."""
    outcomes: Mapping[str, int]
    """Pages by outcome (`OUTCOMES`)."""
    sources: Mapping[str, Yield]
    """What each source of links gave."""
    quality: Quality = Quality()
    held: int
    """Articles of this site in the corpus after the run."""
    waiting: int = 0
    """Links found and not yet asked for."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Pages that a wall stands before, refused and failed pages by reason."""
    failures: tuple[Failure, ...] = ()
    """The failed pages, at most 1,000."""
