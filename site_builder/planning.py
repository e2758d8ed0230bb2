"""What a plan is made of: pages, the settings they share, and where they find what the catalogue leaves out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from crawler.items import Article, RunReport, SiteRecord
from site_builder.catalog import Catalog, Entry, digest
from site_builder.topics import Topics


class Rank(IntEnum):
    """The order of writing: what is linked to before what links to it."""

    ASSET = 0
    ARTICLE = 1
    LIST = 2
    ENTRY = 3
    """Where readers come in: home, search, about, feeds, sitemap."""
    MANIFEST = 4
    """The search manifest: it names files that must all be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file of the built archive."""

    path: str
    """POSIX path below the built archive."""
    rank: Rank
    inputs: Mapping[str, str]
    """All that the file is made from, by what a person calls it: digests and short values."""
    template: str = ""
    """Empty for a file that is made without one."""
    make: Callable[[], Any]
    """Returns the template's context, or the file's bytes when there is no template. Called only to render."""

    @property
    def digest(self) -> str:
        """Digest of the inputs."""
        return digest(self.template, sorted(self.inputs.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the archive's owner decides."""

    title: str
    base_url: str | None = None
    """Where the built archive will be served, absolute and ending in ``/``; ``None`` when it may be anywhere."""
    language: str = "en"
    """BCP 47, of titles and texts that state none of their own."""
    page_size: int = 50
    """Articles on one list page."""

    @property
    def digest(self) -> str:
        """Digest of all of them."""
        return digest(self.title, self.base_url, self.language, self.page_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Everything a plan is made from."""

    settings: Settings
    catalog: Catalog
    topics: Topics
    records: Mapping[str, SiteRecord]
    """By site; a site without one is missing."""
    runs: tuple[RunReport, ...] = ()
    """The last run of each site, in the order of their names."""
    read: Callable[[str], Article] = field(repr=False)
    """Returns the article at a stem with its body and links."""
    body: Callable[[str], str] = field(repr=False)
    """Returns the rendered body by its key."""

    def publisher(self, site: str) -> str:
        """Return the printed name of *site*."""
        record = self.records.get(site)
        return (record and record.publisher) or self.catalog.publishers.get(site, site)

    def teasers(self, entries: tuple[Entry, ...]) -> str:
        """Return the digest of what a list of *entries* shows."""
        return digest(*((entry.teaser, self.publisher(entry.article.site)) for entry in entries))
