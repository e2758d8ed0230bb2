"""news-please as a library: its ``from_urls`` on a list of articles, for sites whose pages its crawl does not take for any.

``python -m benchmarks.peers.news_please_urls ADDRESSES OUT.jsonl`` reads one address a line.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from newsplease import NewsPlease  # type: ignore[import-not-found,unused-ignore]

AT_A_TIME = 50
"""Each address is fetched in a thread of its own, all at once."""
TIMEOUT_SECONDS = 60


def main() -> None:
    """Fetch and read, and print how many pages there were."""
    addresses, out = Path(sys.argv[1]).read_text().splitlines(), Path(sys.argv[2])
    with out.open("w") as file:
        for begin in range(0, len(addresses), AT_A_TIME):
            some = addresses[begin : begin + AT_A_TIME]
            # Left without ``request_args``, 1.6.16 returns an empty article for each of several addresses.
            found = NewsPlease.from_urls(some, request_args={"timeout": TIMEOUT_SECONDS}, fetch_images=False)
            for url, article in found.items():
                if article and article.title and article.maintext:
                    file.write(json.dumps({"url": url}) + "\n")
    print(json.dumps({"tool": f"news-please {version('news-please')}, from_urls", "pages": len(addresses)}))


if __name__ == "__main__":
    main()
