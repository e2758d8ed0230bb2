"""``pressmark.toml`` → frozen values; an error names the file, the key, what was found and what is allowed."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from crawler.items import Site
from crawler.urls import canonicalize, site_name

PROJECT_PAGE = "https://github.com/pressmark/pressmark"

Positive = Annotated[int, Meta(ge=1)]


class BadConfig(Exception):
    """A configuration that cannot be used; the message is one line that says what to change."""


class ArchiveConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[archive]``: how the built archive presents itself."""

    title: Annotated[str, Meta(min_length=1, max_length=200)] = "The Archive"
    base_url: Annotated[str, Meta(pattern=r"^https?://[^\s?#]+\Z")] | None = None
    """Where the archive will be published; ``None`` leaves out what needs absolute addresses."""
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*\Z")] = "en"
    page_size: Annotated[int, Meta(ge=5, le=1000)] = 50
    """Articles on one page of a list."""


class CrawlConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[crawl]``: manners and limits."""

    contact: Annotated[str, Meta(pattern=r"^(https?://\S+|[^\s@]+@[^\s@]+)\Z")] | None = None
    """An address a newspaper can write to."""
    delay: Annotated[float, Meta(ge=1, le=3600)] = 2.0
    """Seconds between requests to a host."""
    max_crawl_delay: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    """Seconds; a host that asks for more is left for the next run."""
    max_retry_after: Annotated[float, Meta(ge=0, le=604_800)] = 3600.0
    """Seconds; likewise."""
    max_page_bytes: Annotated[int, Meta(ge=65_536)] = 16 * 1024**2
    """After content codings are undone."""
    timeout: Annotated[float, Meta(ge=1, le=600)] = 30.0
    """Seconds for one request."""
    max_pages: Positive = 20_000
    """For each site and run."""
    max_minutes: Annotated[float, Meta(gt=0, le=44_640)] = 60.0
    """For each site and run."""
    max_bytes: Positive = 5 * 1024**3
    """Of bodies received, for each site and run."""
    min_free_disk: Annotated[int, Meta(ge=0)] = 1024**3
    """Bytes below which nothing more is fetched."""

    @property
    def user_agent(self) -> str:
        """How we present ourselves."""
        return f"Pressmark/0.1 (+{self.contact or PROJECT_PAGE})"


class SiteConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[site]]``."""

    start: str
    hosts: tuple[Annotated[str, Meta(pattern=r"^[^/\s]+\Z")], ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    since: date | None = None
    delay: Annotated[float, Meta(ge=1, le=3600)] | None = None
    languages: tuple[Annotated[str, Meta(pattern=r"^[a-z]{2,3}\Z")], ...] = ()


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    archive: ArchiveConfig = ArchiveConfig()
    crawl: CrawlConfig = CrawlConfig()
    site: tuple[SiteConfig, ...] = ()

    def sites(self) -> tuple[Site, ...]:
        """Return the configured sites, in their order."""
        found: dict[str, Site] = {}
        for number, entry in enumerate(self.site):
            site = _site(entry, f"site[{number}]")
            if site.name in found:
                raise BadConfig(
                    f"site[{number}].start = {entry.start!r}: another [[site]] is {found[site.name].start};"
                    f" a host is one site, further addresses of it are found by themselves"
                )
            found[site.name] = site
        return tuple(found.values())


def load_config(path: Path, *, required: bool = False) -> Config:
    """Return the configuration of the file at *path*, or the defaults when it is not there and not *required*.

    Raises:
        BadConfig: the file is missing, no TOML, or a key or value is not allowed.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if required:
            raise BadConfig(f"{path}: no such file") from None
        return Config()
    except (OSError, ValueError) as error:
        raise BadConfig(f"{path}: {error}") from error
    try:
        config = msgspec.convert(values, Config)
        config.sites()
    except msgspec.ValidationError as error:
        raise BadConfig(f"{path}: {_explained(str(error), values)}") from error
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from error
    return config


def site_at(address: str) -> Site:
    """Return the site that starts at *address*, a URL or a bare host name.

    Raises:
        BadConfig: it is no address of a site.
    """
    url = canonicalize(address if "://" in address else f"https://{address}")
    if url is None or ("://" not in address and "." not in address):
        raise BadConfig(f"{address!r} is no address of a site; one looks like https://news.example/")
    return Site(name=site_name(url), start=url)


def _site(entry: SiteConfig, key: str) -> Site:
    for name, patterns in (("include", entry.include), ("exclude", entry.exclude)):
        for number, pattern in enumerate(patterns):
            try:
                re.compile(pattern)
            except re.error as error:
                raise BadConfig(
                    f"{key}.{name}[{number}] = {pattern!r}: expected a regular expression; {error}"
                ) from error
    try:
        site = site_at(entry.start)
    except BadConfig as error:
        raise BadConfig(f"{key}.start: {error}") from error
    return Site(
        name=site.name,
        start=site.start,
        hosts=tuple(host.lower() for host in entry.hosts),
        include=entry.include,
        exclude=entry.exclude,
        since=entry.since,
        delay_seconds=entry.delay,
        languages=entry.languages,
    )


_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "archive": ArchiveConfig,
    "crawl": CrawlConfig,
    "site": SiteConfig,
}


_FORMS = {
    ("archive", "base_url"): "an address such as https://archive.example/",
    ("archive", "language"): "a language tag such as en or pt-BR",
    ("crawl", "contact"): "an https address or an e-mail address",
    ("site", "hosts"): "host names such as m.news.example",
    ("site", "languages"): "language codes such as en",
}
"""What a person is told of a text that has to have a certain form."""


def _explained(message: str, values: dict[str, Any]) -> str:
    """Return msgspec's *message* about *values* with the key as it stands in the file, what was found and allowed."""
    what, _, where = message.partition(" - at `$")
    steps = re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", where.rstrip("`"))
    key = "".join(f".{name}" if name else f"[{index}]" for name, index in steps).removeprefix(".")
    if unknown := re.search(r"unknown field `(.+)`", what):
        section = _SECTIONS.get(steps[0][0]) if steps else None
        allowed = section.__struct_fields__ if section else Config.__struct_fields__
        return f"unknown key {'.'.join(filter(None, (key, unknown[1])))}; allowed are {', '.join(allowed)}"
    found: Any = values
    for name, index in steps:
        try:
            found = found[name] if name else found[int(index)]
        except (KeyError, IndexError, TypeError, ValueError):
            return f"{key}: {what}"
    expected = what[:1].lower() + what[1:]
    if "matching regex" in expected:
        expected = f"expected {_FORMS[steps[0][0], next(name for name, _ in reversed(steps) if name)]}"
    return f"{key} = {found!r}: {expected}"
