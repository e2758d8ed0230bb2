"""Links out of robots.txt, sitemaps, feeds and pages: bytes in, `Link` values out."""

MAX_LINKS = 2_000
"""Links taken from one page or feed; what comes after is dropped."""


class BadListing(ValueError):
    """A feed or sitemap of which nothing can be read; the message says why."""
