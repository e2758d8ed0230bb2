"""The crawl people write today, to compare with: Scrapy's CrawlSpider and trafilatura in its callback.

``python -m benchmarks.peer_crawl URL OUT.jsonl`` needs trafilatura installed in the environment it runs in; the
project does not depend on it. Prints what it cost; writes one line an article, as ``pressmark export jsonl`` does.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trafilatura  # type: ignore[import-not-found,unused-ignore]
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule

from benchmarks.peers import SCRAPY_SETTINGS


class Peer(CrawlSpider):
    """Follows every link of the host and keeps every page trafilatura finds a text on."""

    name = "peer"
    rules = (Rule(LinkExtractor(), callback="keep", follow=True),)

    def __init__(self, url: str) -> None:
        """Begin at *url*."""
        self.start_urls = [url]
        self.allowed_domains = [urlsplit(url).hostname or ""]
        super().__init__()

    def keep(self, response: Response) -> Iterator[dict[str, Any]]:
        """Yield the article on *response*, if there is one."""
        found = trafilatura.bare_extraction(response.body, url=response.url, with_metadata=True)
        if found is not None and found.text:
            yield {
                "url": response.url,
                "title": found.title,
                "date": found.date,
                "authors": found.author,
                "text": found.text,
            }


def main() -> None:
    """Crawl and print the cost as JSON."""
    url, out = sys.argv[1], Path(sys.argv[2])
    began = time.monotonic()
    process = CrawlerProcess({
        **SCRAPY_SETTINGS,
        "ROBOTSTXT_OBEY": True,
        "FEEDS": {out: {"format": "jsonlines", "overwrite": True}},
    })  # fmt: skip
    crawler = process.create_crawler(Peer)
    process.crawl(crawler, url=url)
    process.start()
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "tool": f"Scrapy with trafilatura {trafilatura.__version__}",
        "pages": crawler.stats.get_value("response_received_count", 0),
        "records": sum(1 for _ in out.open()),
        "seconds": round(time.monotonic() - began, 1),
        "CPU seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak MiB": used.ru_maxrss // 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
