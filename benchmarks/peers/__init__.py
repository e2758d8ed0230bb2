"""The tools people use today, each run as its own documentation says; the project depends on none of them.

Each module is a command, ``python -m benchmarks.peers.<name> SUBJECT OUT.jsonl``: it writes one line for each article,
with its ``url``, and the last line it prints is JSON, with the ``tool`` and the ``pages`` it received.
"""

SCRAPY_SETTINGS = {
    # One connection a host, as a polite crawl keeps. With no delay at all, Scrapy 2.19 begins every request that waits,
    # whatever the limit (`Downloader._process_queue` counts only those whose task has run), and connects anew for each.
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DOWNLOAD_DELAY": 0.001,
    "LOG_LEVEL": "ERROR",
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
}
"""What all crawls with Scrapy have in common."""
