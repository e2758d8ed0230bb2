"""Every Scrapy setting we change, in the order a request meets them, each with its reason.

What a user decides (contact, delay, limits) stands in ``pressmark.toml`` and is laid over these by `crawler.crawl`.
"""

BOT_NAME = "pressmark"
SPIDER_MODULES = ["crawler.spiders"]

# Identity: a newspaper can see who comes and where to write to.
USER_AGENT = "Pressmark/0.1 (+https://github.com/pressmark/pressmark)"

# Politeness: one connection a host. The gap is kept by crawler.hosts, before a request reaches Scrapy: its clock also
# rests while a host asks for patience, and lets through nothing that was in line already.
DOWNLOAD_DELAY = 0.0
CONCURRENT_REQUESTS_PER_DOMAIN = 1
# One answer gives one callback and no items: Scrapy would start a hundred tasks for them.
CONCURRENT_ITEMS = 1
# There is at most one request a host, so the sum needs no limit of its own.
CONCURRENT_REQUESTS = 0
# The spider asks robots.txt itself, before a link becomes a request: Scrapy allows all when robots.txt cannot be
# read, parses error pages as rules, and never asks again (RFC 9309, 2.3.1).
ROBOTSTXT_OBEY = False

# What is fetched: only http and https, only addresses of the public internet, whole and of bounded size.
DOWNLOAD_HANDLERS = {"file": None, "data": None, "ftp": None, "s3": None}
TWISTED_DNS_RESOLVER = "crawler.resolver.PublicResolver"
DNS_TIMEOUT = 10
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_VERIFY_CERTIFICATES = True
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    # The one coding whose end can be checked with the standard library (crawler.transfer).
    "Accept-Encoding": "gzip",
}
COOKIES_ENABLED = False
REFERER_ENABLED = False

# What becomes of an answer is the frontier's to decide: redirects and errors are outcomes it stores, a second try
# waits for its turn there, and codings are undone where it can be checked that the body arrived whole.
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False
RETRY_ENABLED = False
COMPRESSION_ENABLED = False
HTTPERROR_ALLOW_ALL = True
DEPTH_STATS_VERBOSE = False
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"

# What is stored: the item pipeline and feed exports are not used; the run stores in the order that survives a kill.
ITEM_PIPELINES: dict[str, int] = {}

# Observability: our own log has one line an event; the doors Scrapy opens for debugging stay shut.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LOG_LEVEL = "WARNING"
LOG_INSTALL_ROOT_HANDLER = False
LOGSTATS_INTERVAL = 0
MEMUSAGE_LIMIT_MB = 1024
EXTENSIONS = {"scrapy.extensions.corestats.CoreStats": None, "scrapy.extensions.logstats.LogStats": None}
