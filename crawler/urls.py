"""Canonical URL, identity, trap shapes, file-name words: what an address says without fetching it."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit, urlunsplit

from w3lib.url import safe_url_string

MAX_URL_BYTES = 2_000
MAX_QUERY_PAIRS = 8
MAX_PATH_DEPTH = 20
MAX_SAME_SEGMENT = 2
MAX_SLUG_CHARS = 60
MIN_TELLING_CHARS, MIN_TELLING_WORDS, MIN_TELLING_DIGITS = 12, 3, 5
"""So long, the last words or the number of an address tell one article from another."""

DEFAULT_PORTS = {"http": 80, "https": 443}

# Query parameters that only track the reader.
# Source: https://github.com/AdguardTeam/AdguardFilters (TrackParamFilter/sections/general_url.txt), 2026-11.
TRACKING_PARAMETERS = frozenset({
    "__hsfp", "__hssc", "__hstc", "__s", "_ga", "_gl", "_hsenc", "_hsmi", "_ke", "_openstat", "_branch_match_id",
    "at_campaign", "at_custom1", "at_custom2", "at_custom3", "at_custom4", "at_medium", "cmpid", "dclid", "dicbo",
    "epik", "ems_dl", "fb_action_ids", "fb_action_types", "fb_ref", "fb_source", "fbclid", "gad_source", "gbraid",
    "gclid", "gclsrc", "guccounter", "guce_referrer", "guce_referrer_sig", "hsa_acc", "hsa_ad", "hsa_cam", "hsa_grp",
    "hsa_kw", "hsa_mt", "hsa_net", "hsa_src", "hsa_tgt", "hsa_ver", "hsctatracking", "icid", "igsh", "igshid",
    "irclickid", "mc_cid", "mc_eid", "mibextid", "mkt_tok", "ml_subscriber", "ml_subscriber_hash", "msclkid", "mtm_campaign",
    "mtm_cid", "mtm_content", "mtm_group", "mtm_keyword", "mtm_medium", "mtm_placement", "mtm_source", "ncid", "ns_campaign",
    "ns_fee", "ns_linkname", "ns_mchannel", "ns_source", "oly_anon_id", "oly_enc_id", "piwik_campaign", "piwik_kwd",
    "pk_campaign", "pk_content", "pk_cpn", "pk_keyword", "pk_kwd", "pk_medium", "pk_source", "pk_vid", "rb_clickid",
    "s_cid", "s_kwcid", "sc_campaign", "sc_channel", "sc_content", "sc_country", "sc_geo", "sc_medium", "sc_outcome",
    "smid", "soc_src", "soc_trk", "spm", "srsltid", "sref", "tblci", "ttclid", "twclid", "vero_conv", "vero_id",
    "wbraid", "wickedid", "wt_mc", "wt_zmc", "xtor", "yclid", "ymclid", "ysclid",
})  # fmt: skip
TRACKING_PREFIXES = ("utm_",)

# Session ids that servers without cookies put into addresses.
SESSION_PARAMETERS = frozenset({"phpsessid", "jsessionid", "aspsessionid", "sid", "sessionid"})
_DROPPED_PARAMETERS = TRACKING_PARAMETERS | SESSION_PARAMETERS
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#;]*", re.IGNORECASE)

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
# What is in canonical form beyond doubt, as most links are; all else is taken apart.
_CANONICAL = re.compile(
    r"https?://(?=[^/]{1,253}/)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}/(?:[\w~-][\w.~-]*/)*(?:[\w~-][\w.~-]*)?",
    re.ASCII,
)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

# Windows keeps these names for devices, with any extension.
# Source: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
RESERVED_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10))]
)

# Endings of files that hold no page.
ASSET_ENDINGS = frozenset(
    "7z aac apk atf avi avif bmp bz2 css csv dmg doc docx eot eps epub exe flac flv gif ico ics iso jar jpeg jpg js "
    "json m3u m4a m4v map mid mjs mkv mov mp3 mp4 mpeg mpg msi odp ods odt ogg ogv opus otf pdf png pps ppt pptx psd "
    "rar rpm rtf svg swf tar tgz tif tiff ttf wasm wav webm webmanifest webp wma wmv woff woff2 xls xlsx xz zip".split()
)


def canonicalize(url: str, base: str | None = None) -> str | None:
    """Return *url* in canonical form, resolved against *base*, or ``None`` when it is no http(s) address.

    The form is the corpus' definition of identity: scheme and host lower case and IDNA ASCII, default port
    dropped, dot segments resolved, percent-escapes normalised, an empty path ``/``, a trailing slash as
    given, no fragment, no user name, no tracking or session parameters, other query pairs sorted by key.
    """
    if _CANONICAL.fullmatch(url) and len(url) <= MAX_URL_BYTES:
        return url
    url = _CONTROLS.sub("", url.strip())
    if base is not None and not url.startswith(("https://", "http://")):
        try:
            url = urljoin(base, url)
        except ValueError:
            return None
    return _canonical(url)


@lru_cache(maxsize=8_192)  # the pages of a site share most of their links
def _canonical(url: str) -> str | None:
    try:
        if not url[:8].lower().startswith(("http://", "https://")):
            return None
        parts = urlsplit(safe_url_string(url))
        host = _host(parts)
    except (ValueError, UnicodeError):
        return None
    if host is None:
        return None
    path = _SESSION_IN_PATH.sub("", _normalise_escapes(parts.path)) or "/"
    canonical = urlunsplit((parts.scheme.lower(), host, _without_dot_segments(path), _query(parts.query), ""))
    return canonical if len(canonical) <= MAX_URL_BYTES else None


def _host(parts: SplitResult) -> str | None:
    host, port = parts.hostname, parts.port
    if not host or not re.fullmatch(r"[a-z0-9._~-]+|[0-9a-f:.]+", host):
        return None
    host = host.rstrip(".")
    if len(host) > 253 or not all(0 < len(label) <= 63 for label in host.split(".")):  # RFC 1035, 2.3.4
        return None
    if ":" in host:
        host = f"[{host}]"
    return host if port in {None, DEFAULT_PORTS[parts.scheme.lower()]} else f"{host}:{port}"


def _normalise_escapes(text: str) -> str:
    def unescape(match: re.Match[str]) -> str:
        if match[1] is None:  # a bare "%" must be written "%25" (RFC 3986, 2.4)
            return "%25"
        byte = int(match[1], 16)
        return chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"

    return _PERCENT.sub(unescape, text)


def _without_dot_segments(path: str) -> str:
    """Return *path*, which is absolute, with its ``.`` and ``..`` resolved; empty segments stay (RFC 3986, 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    *folders, last = path.split("/")[1:]
    for segment in folders:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if last == "..":
        del kept[-1:]
    return "/" + "/".join([*kept, "" if last in {".", ".."} else last])


def _query(query: str) -> str:
    kept = []
    for pair in _normalise_escapes(query).split("&"):
        key = pair.partition("=")[0]
        name = key.lower()
        if pair and name not in _DROPPED_PARAMETERS and not name.startswith(TRACKING_PREFIXES):
            kept.append((key, pair))
    return "&".join(pair for _, pair in sorted(kept, key=lambda entry: entry[0]))


def identity(url: str) -> str:
    """Return what makes *url*, in canonical form, one article: it without the scheme and a leading ``www.``."""
    return url.partition("://")[2].removeprefix("www.")


def article_id(url: str) -> str:
    """Return the id of the article first captured at *url*: 12 hex digits of SHA-256 of its identity."""
    return hashlib.sha256(identity(url).encode()).hexdigest()[:12]


def netloc(url: str) -> str:
    """Return ``host`` or ``host:port`` of *url*, in canonical form."""
    return url.split("/", 3)[2]


def origin(url: str) -> str:
    """Return scheme and netloc of *url*, in canonical form, without a trailing slash (RFC 6454)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def site_name(url: str) -> str:
    """Return the name of the site that *url*, in canonical form, belongs to.

    The host without ``www.``, and ``-<port>`` when the port is not the scheme's default.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").replace(":", "-")
    return host if parts.port is None else f"{host}-{parts.port}"


def is_twin(url: str, claimed: str) -> bool:
    """Whether *url* looks like a print, AMP or otherwise dressed page of the one at *claimed*.

    So it does when its path says all that the path of *claimed* says, and more.
    """
    ours, theirs = urlsplit(url), urlsplit(claimed)
    segments = [segment for segment in ours.path.split("/") if segment]
    wanted = [segment for segment in theirs.path.split("/") if segment]
    rest = iter(segments)
    return (
        bool(wanted)
        and all(segment in rest for segment in wanted)
        and (len(segments), ours.query)
        != (
            len(wanted),
            theirs.query,
        )
    )


def says_same(url: str, other: str) -> bool:
    """Whether the addresses *url* and *other* themselves say that they lead to one article.

    So they do when one is a dressed form of the other, or when they end in the same words or the same number.
    """
    if is_twin(url, other) or is_twin(other, url):
        return True
    ours, theirs = (urlsplit(one).path.rstrip("/").rpartition("/")[2] for one in (url, other))
    if (
        ours == theirs
        and len(ours) >= MIN_TELLING_CHARS
        and len(re.findall(r"[^\W_]{2,}", ours)) >= MIN_TELLING_WORDS
    ):
        return True
    numbers, their_numbers = (
        [number for number in re.findall(r"\d+", urlsplit(one).path) if _tells(number)]
        for one in (url, other)
    )
    return bool(numbers) and numbers == their_numbers


def _tells(number: str) -> bool:
    """Whether *number* may be that of an article: long enough, and no day."""
    return len(number) >= MIN_TELLING_DIGITS and not re.fullmatch(r"(?:19|20)\d\d[01]\d[0-3]\d", number)


def slug(text: str) -> str:
    """Return *text* as words for a file name: ``[a-z0-9-]``, at most 60 characters, cut at a word.

    Latin letters are folded to ASCII. A text in another script gives an empty slug: a wrong
    transliteration is worse than none.
    """
    folded = text.translate(_LATIN_LETTERS)
    folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    folded = re.sub(r"['’ʼ]|(?<=\b\w)\.(?=\w\b|\s|$)", "", folded.lower())  # "Asia's", "U.S."
    words = re.findall(r"[a-z0-9]+", folded)
    letters = sum(char.isalpha() for char in folded)
    if letters and sum(char.isalpha() for word in words for char in word) < letters / 2:
        return ""
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:MAX_SLUG_CHARS]
        if len(longer) > MAX_SLUG_CHARS:
            break
        name = longer
    return f"{name}-" if name in RESERVED_NAMES else name


# Latin letters that Unicode does not decompose, in the spelling newspapers use without them.
_LATIN_LETTERS = str.maketrans({
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d",
    "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ł": "l", "Ł": "l", "ı": "i", "ħ": "h", "Ħ": "h", "ŋ": "n", "Ŋ": "n",
    "&": " and ",
})  # fmt: skip


def is_asset(url: str) -> bool:
    """Whether *url*, in canonical form, ends as a file that holds no page, such as an image."""
    _, dot, ending = url.partition("?")[0].split("/", 3)[3].rpartition("/")[2].rpartition(".")
    return bool(dot) and ending.lower() in ASSET_ENDINGS


def trap(url: str) -> str | None:
    """Return why the shape of *url* looks like an endless space of addresses, or ``None``."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if len(segments) > MAX_PATH_DEPTH:
        return f"path deeper than {MAX_PATH_DEPTH} segments"
    if any(segments.count(segment) > MAX_SAME_SEGMENT for segment in set(segments)):
        return f"a path segment more than {MAX_SAME_SEGMENT} times"
    if len(parse_qsl(parts.query, keep_blank_values=True)) > MAX_QUERY_PAIRS:
        return f"more than {MAX_QUERY_PAIRS} query pairs"
    return None


def pattern(url: str) -> str:
    """Return the shape *url* shares with its like: host and path with runs of digits folded, query keys only."""
    parts = urlsplit(url)
    keys = sorted({key for key, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return f"{parts.netloc}{re.sub(r'[0-9]+', '0', parts.path)}?{'&'.join(keys)}"
