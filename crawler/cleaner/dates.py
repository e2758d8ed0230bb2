"""When an article was first published and last changed: every statement of it, the best one chosen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from crawler.cleaner.blocks import Block, Layout
from crawler.cleaner.declared import marked, types
from crawler.cleaner.words import by_first_letter
from crawler.page import JsonObject, Page

EARLIEST = 1990
FUTURE_DAYS = 2
LATE_BLOCKS = 8
MAX_DATE_LINE_CHARS = 50

# Names under which publishers state the first publication, the best known first.
_PUBLISHED_META = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time", "og:pubdate",
    "datepublished", "date_published", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime", "cxenseparse:articlepublicationdate", "iso-8601-publish-date", "publishdate", "publish-date",
    "publish_date", "publication_date", "publicationdate", "published_time", "published", "pubdate", "pub_date",
    "article_date_original", "originalpublicationdate", "dcterms.issued", "dcterms.date", "dcterms.created", "dc.date.issued",
    "dc.date.created", "dc.date", "dc.created", "displaydate", "article.published", "article.created", "bt:pubdate", "rnews:datepublished",
    "published-date", "published_date", "published_at", "datecreated", "created", "vr:published_time", "shareaholic:article_published_time", "citation_publication_date", "last-published", "date",
)  # fmt: skip
_MODIFIED_META = (
    "article:modified_time", "article:modified", "og:article:modified_time", "datemodified", "og:updated_time", "dcterms.modified",
    "dc.date.modified", "article.updated", "lastmod", "last-modified", "updated_time", "modified_time", "revised",
)  # fmt: skip
# What newspapers print behind the clock. Left out: AST, of two places; ET, one of two by the season; ART and WEST, words in any case.
_ZONES = {
    name: offset
    for offset, names in {
        "+00:00": "Z UTC GMT", "+01:00": "CET MEZ BST WAT", "+02:00": "CEST MESZ EET SAST", "+03:00": "EEST MSK TRT",
        "+04:00": "GST", "+05:00": "PKT", "+05:30": "IST", "+05:45": "NPT", "+07:00": "WIB ICT", "+08:00": "WITA SGT HKT PHT MYT AWST",
        "+09:00": "WIT JST KST", "+09:30": "ACST", "+10:00": "AEST", "+10:30": "ACDT", "+11:00": "AEDT", "+12:00": "NZST", "+13:00": "NZDT",
        "-03:00": "BRT ADT", "-03:30": "NST", "-04:00": "EDT", "-05:00": "EST CDT", "-06:00": "CST MDT", "-07:00": "MST PDT",
        "-08:00": "PST AKDT", "-09:00": "AKST", "-10:00": "HST",
    }.items()
    for name in names.split()
}  # fmt: skip
_ZONE_NAME = "|".join(_ZONES)
_ISO = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)-?(?P<m>\d\d)-?(?P<d>\d\d)"
    rf"(?:[T ]\s*(?P<H>\d\d):?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,]\d+)?)?\s*(?P<z>(?:{_ZONE_NAME})\b|[+-]\d\d:?(?:\d\d)?)?)?"
)
# A line that dates a change: "Updated …", in the languages that put the word first.
_CHANGED = re.compile(
    r"(?i)\W*(?:page |last |zuletzt )?(?:updated?|modified|edited|aktualisiert|geändert|mis à jour|modifié|actualizado|atualizado|aggiornato|bijgewerkt|uppdaterad|oppdatert|opdateret|aktualizov|zaktualizowano|обновлено|оновлено|güncelleme|更新|수정)"
)
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"\d{4}")
_CLOCK = re.compile(
    r"(?i)(?:(?P<half>[上下]午|午[前後]|오[전후])\s*)?(?<![\d:.])(?P<hour>\d{1,2})"
    r"(?:(?:[:h.]|\s*(?:Uhr|[時时点點시])\s*)(?P<minute>\d\d|\d(?=\s*[分분]))(?:(?::|\s*[分분]\s*)(?P<second>\d\d))?(?!\d|\.\d)"
    # The hour alone, which is not how long ago it was.
    r"|\s*(?:Uhr\b|[時时点點시](?![間间간])|(?=[ap]\.?\s?m\b)))"
    r"\s*(?:[分분秒초]|(?P<am_or_pm>[ap]\.?\s?m\b\.?))?"
)
# A clock that is no part of ISO 8601, though it may stand beside a day that is.
_SPOKEN_CLOCK = re.compile(r"(?i)\d\s*[ap]\.?\s?m\b|[午時时点點시]|오[전후]")
_AFTERNOON = ("p", "P", "下午", "午後", "오후")
_SHIFT = re.compile(r"(?i)(?<!\w)(?:Z|UTC|GMT)?\s?([+-]\d\d):?(\d\d)\b|\b(?:UTC|GMT)\s?([+-]\d{1,2})\b")
# In capitals: "est" and "ist" are words.
_ZONE = re.compile(rf"[\s,(]{{0,3}}(?:Uhr\s+)?((?i:gmt|utc)|{_ZONE_NAME})\b")
# /2025/11/1/, /2025-11-01-, /20251101, /A2025110109300001
_URL_DAY = re.compile(
    r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?!\d)|/[A-Za-z]{0,4}((?:19|20)\d\d)([01]\d)([0-3]\d)(?=\D|$|\d{2,12}(?!\d))"
)
_URL_NAMED_DAY = re.compile(r"/((?:19|20)\d\d)/([a-z]{3,9})/(\d\d?)(?:/|$)")

# Month names and their abbreviations, folded; Source: Unicode CLDR 45, calendars/gregorian.
_MONTHS: dict[str, int] = {}
for _names in (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan febr mar apr may june july aug sept oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber mär apr mai jun jul aug sept okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "janv fevrier mars avr mai juin juill aout sept oct nov dec",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago setiembre oct nov dic",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "január február március április május június július augusztus szeptember október november december",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "янв фев мар апр май июн июл авг сен окт ноя дек",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "януари февруари март април май юни юли август септември октомври ноември декември",
    "siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca",
    "januara februara marta aprila maja juna jula avgusta septembra oktobra novembra decembra",
    "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "januari februari maret april mei juni juli agustus september oktober november desember",
    "janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "يناير فبراير مارس ابريل مايو يونيه يوليه اغسطس سبتمبر اكتوبر نوفمبر ديسمبر",
    "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
    "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
    "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    "জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর",
    "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม",
):
    for _number, _name in enumerate(_names.split(), 1):
        _MONTHS.setdefault(_name, _number)
_MONTH = rf"(?=[^\W\d_])(?:{by_first_letter(sorted(map(re.escape, _MONTHS), key=len, reverse=True))})"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_WEEKDAY = re.compile(rf"(?i)\b(?:{'|'.join(_WEEKDAYS)})\b")
# 4/3/2025 is of the third month in these countries though they write English; elsewhere too, but for the United States.
_DAY_FIRST = frozenset("uk ie au nz za in pk bd lk sg my hk ng gh ke ug tz zm zw mt jm tt".split())
_EITHER_WAY = re.compile(r"(?<![\d/.-])\d{1,2}[/-]\d{1,2}[/-](?:19|20)\d\d(?!\d)")
_DIGITS = str.maketrans(
    "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯๐๑๒๓๔๕๖๗๘๙０１２３４５６７８９", "0123456789" * 6
)
_PRINTED = (
    # 1 November 2025, 1. November 2025, 1 de noviembre de 2025, 1er novembre 2025, 1 בנובמבר 2025
    (re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|re|º|ª|\.|\))?[\s\-]*(?:de\s|di\s|d'|of\s|den\s)?\s*ב?({_MONTH})\b\.?,?[\s\-]*(?:de\s|del\s|do\s)?\s*,?(\d{{4}})(?!\d)", re.IGNORECASE), "dmy"),
    # November 1, 2025; Nov 01, 2025
    (re.compile(rf"(?<![^\W\d_])({_MONTH})\b\.?\s*(\d{{1,2}})(?:st|nd|rd|th|\.)?\s*,?\s+(\d{{4}})(?!\d)", re.IGNORECASE), "mdy"),
    # 2025. november 1., 2025 november 1
    (re.compile(rf"(?<!\d)(\d{{4}})[.,]?\s*(?:m\.\s*)?({_MONTH})\b\.?\s*(\d{{1,2}})(?!\d)", re.IGNORECASE), "ymd"),
    # 2025年11月1日, 2025년 11월 1일
    (re.compile(r"(?<!\d)(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]"), "ymd"),
    (re.compile(r"(?<![\d/.-])((?:19|20)\d\d)[./-](\d{1,2})[./-](\d{1,2})(?![\d])"), "ymd"),
    # 01.11.2025 is day first everywhere
    (re.compile(r"(?<![\d/.-])(\d{1,2})\.\s?(\d{1,2})\.\s?((?:19|20)\d\d)(?!\d)"), "dmy"),
    (re.compile(r"(?<![\d/.-])(\d{1,2})[/-](\d{1,2})[/-]((?:19|20)\d\d)(?!\d)"), "???"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """A date as one source states it."""

    value: str
    """ISO 8601, a bare day or with a time, with the offset stated."""
    source: str
    raw: str


def read_date(raw: object, *, month_first: bool = False, latest: date | None = None) -> str | None:
    """Return the date in *raw* as ISO 8601 with what it states and no more, or ``None`` when it is none.

    *month_first* decides 1/11/2025; *latest* is the last day believed.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    if not isinstance(raw, str):
        raw = str(int(raw)) if 0 <= raw < 1e14 else ""
    text = raw.strip()[:200].translate(_DIGITS)
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) in {10, 13}:
        stamp = datetime.fromtimestamp(int(text[:10]), tz=UTC)
        return _checked(stamp.date(), stamp.strftime("T%H:%M:%S") + "+00:00", latest)
    found = _ISO.match(text) or (_ISO.search(text) if "-" in text else None)
    if found:
        day = _day(found["y"], found["m"], found["d"])
        if day:
            rest = text[found.end("d") :]
            spoken = _clock(rest) if _SPOKEN_CLOCK.search(rest) else ""
            return _checked(day, spoken or _iso_clock(found), latest)
    printed = _printed(text, month_first=month_first) if _YEAR.search(text) else None
    if printed is None:
        return None
    day, rest = printed
    return _checked(day, _clock(rest), latest)


def _printed(text: str, *, month_first: bool) -> tuple[date, str] | None:
    for pattern, order in _PRINTED:
        found = pattern.search(text)
        if not found:
            continue
        parts = found.groups()
        if order == "???":
            first, second = int(parts[0]), int(parts[1])
            reads = "mdy" if second > 12 or (month_first and first <= 12) else "dmy"
            if first <= 12 >= second and (weekday := _WEEKDAY.search(text)):
                reads = _reading_on(weekday[0].lower(), parts) or reads
            named = dict(zip(reads, parts, strict=True))
        else:
            named = dict(zip(order, parts, strict=True))
        month = named["m"].lower()
        day = _day(named["y"], str(_MONTHS.get(month, 0)) if not month.isdigit() else month, named["d"])
        if day:
            return day, text[: found.start()] + " " + text[found.end() :]
    return None


def _reading_on(weekday: str, parts: Sequence[str]) -> str | None:
    """Return the order of *parts* that makes them a day of that name."""
    for reads in ("mdy", "dmy"):
        named = dict(zip(reads, parts, strict=True))
        day = _day(named["y"], named["m"], named["d"])
        if day is not None and day.weekday() == _WEEKDAYS.index(weekday):
            return reads
    return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _iso_clock(found: re.Match[str]) -> str:
    if not found["H"] or int(found["H"]) > 23 or int(found["M"]) > 59:
        return ""
    seconds = found["S"] if found["S"] and int(found["S"]) < 60 else "00"
    return f"T{found['H']}:{found['M']}:{seconds}{_offset(found['z'] or '')}"


def _clock(text: str) -> str:
    found = _CLOCK.search(text)
    if not found:
        return ""
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    half = found["half"] or found["am_or_pm"]
    if half and hour <= 12:
        hour = hour % 12 + (12 if half.startswith(_AFTERNOON) else 0)
    if hour > 23 or minute > 59 or second > 59:
        return ""
    return f"T{hour:02}:{minute:02}:{second:02}{_zone(text, found.end())}"


def _zone(text: str, start: int) -> str:
    """Return the offset that *text* states from *start*, the end of a clock."""
    if shift := _SHIFT.search(text, start):
        return _offset(f"{shift[1]}{shift[2]}" if shift[1] else f"{shift[3][0]}{shift[3][1:]:0>2}")
    named = _ZONE.match(text, start)
    return _offset(named[1]) if named else ""


def _offset(zone: str) -> str:
    """Return *zone*, a name or digits behind a sign, as ISO 8601 writes it."""
    if named := _ZONES.get(zone.upper()):
        return named
    if not zone:
        return ""
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}" if int(digits[:2]) <= 14 and int(digits[2:]) < 60 else ""


def _checked(day: date, clock: str, latest: date | None) -> str | None:
    if day.year < EARLIEST or (latest is not None and day > latest):
        return None
    return day.isoformat() + clock


def last_day_believed(captured: datetime | None) -> date | None:
    """Return the last day a page captured at *captured* can state."""
    return captured.date() + timedelta(days=FUTURE_DAYS) if captured else None


def published(
    page: Page,
    article: JsonObject | None,
    found: Layout,
    *,
    around: tuple[int, int],
    mastheads: frozenset[int],
    end: int,
    latest: date | None,
) -> list[Stated]:
    """Return what *page* states of its first publication, the best first.

    *around* are the blocks near the headline, *mastheads* those that belong to the newspaper's head, *end* is where the story ends.
    """
    stated: list[Stated] = []
    month_first = _month_first(page)

    def add(raw: object, source: str) -> None:
        value = read_date(raw, month_first=month_first, latest=latest)
        if value:
            stated.append(Stated(value, source, str(raw)[:200]))

    if article is not None:
        for key in ("datePublished", "dateCreated", "uploadDate"):
            value = article.get(key)
            add(value[0] if isinstance(value, list) and value else value, "json-ld")
    if not stated:
        for one in page.json_ld:
            if "WebPage" in types(one):
                add(one.get("datePublished"), "json-ld")
    for name in _PUBLISHED_META:
        for value in page.meta.get(name, ())[:1]:
            add(value, "meta")
    for raw in _marked_times(page):
        add(raw, "time")
    for block in found.blocks[around[0] : around[1]]:
        if block.hidden:
            continue
        for stamp in block.times:
            add(stamp, "time")
        if block.index in mastheads:
            continue
        if block.chars <= 160 and _DIGIT.search(block.text):
            add(block.text, "time")
    if not stated:
        for block in _date_lines(found, around[1], end):
            add(block.text, "time")
    return stated


def _month_first(page: Page) -> bool:
    """Whether 1/11/2025 is in January on *page*."""
    language = (page.language or "").lower()
    country = (urlsplit(page.url).hostname or "").rpartition(".")[2]
    return language == "en-us" or (language in {"en", ""} and country not in _DAY_FIRST)


def settled(stated: list[Stated], latest: date | None) -> list[Stated]:
    """Return *stated* with each day that can be read in two ways read as another of them states it, if one does."""
    certain = {one.value[:10] for one in stated if not _EITHER_WAY.search(one.raw)}
    good: list[Stated] = []
    for one in stated:
        if certain and one.value[:10] not in certain and _EITHER_WAY.search(one.raw):
            readings = (read_date(one.raw, month_first=first, latest=latest) for first in (True, False))
            value = next((value for value in readings if value and value[:10] in certain), one.value)
            good.append(replace(one, value=value))
        else:
            good.append(one)
    return good


def _date_lines(found: Layout, near: int, end: int) -> list[Block]:
    """Return the lines below *near*, the byline's place, and about *end*, the story's, that are next to nothing but a date.

    Those of a change come last.
    """
    blocks = (
        found.blocks[near : near + LATE_BLOCKS] + found.blocks[max(near + LATE_BLOCKS, end - 2) : end + 4]
    )
    lines = [
        block
        for block in blocks
        if not block.hidden
        and block.chars <= MAX_DATE_LINE_CHARS
        and not block.links
        and _DIGIT.search(block.text)
    ]
    return sorted(lines, key=lambda block: bool(_CHANGED.match(block.text)))


def _marked_times(page: Page) -> list[str]:
    """Return times that markup itself says to be the publication's."""
    found = [
        one.attributes.get("datetime")
        or one.attributes.get("content")
        or one.attributes.get("title")
        or one.text
        for one in marked(page)
        if one.has("itemprop", "datePublished")
        or (
            one.tag == "time"
            and ("pubdate" in one.attributes or one.has("class", "published", "entry-date", "dt-published"))
        )
    ]
    return [value for value in found[:3] if value]


def modified(page: Page, article: JsonObject | None, latest: date | None) -> list[Stated]:
    """Return what *page* states of its last change, the best first."""
    stated: list[Stated] = []
    raws: list[tuple[object, str]] = []
    if article is not None:
        raws.append((article.get("dateModified"), "json-ld"))
    raws += [(page.meta[name][0], "meta") for name in _MODIFIED_META if name in page.meta]
    changes = [
        one
        for one in marked(page)
        if (one.tag == "time" and one.has("class", "updated"))
        or (one.tag in {"time", "meta"} and one.has("itemprop", "dateModified"))
    ]
    raws += [(one.attributes.get("datetime") or one.attributes.get("content"), "time") for one in changes[:2]]
    for raw, source in raws:
        value = read_date(raw, latest=latest)
        if value:
            stated.append(Stated(value, source, str(raw)[:200]))
    return stated


def in_url(url: str, latest: date | None) -> Stated | None:
    """Return the day that the path of *url* names."""
    for found in _URL_DAY.finditer(url):
        day = _day(*(part for part in found.groups() if part))
        if day and (value := _checked(day, "", latest)):
            return Stated(value, "url", found[0])
    named = _URL_NAMED_DAY.search(url.lower())
    if named and named[2] in _MONTHS:
        day = _day(named[1], str(_MONTHS[named[2]]), named[3])
        if day and (value := _checked(day, "", latest)):
            return Stated(value, "url", named[0])
    return None


def masthead(blocks: list[Block], latest: date | None) -> Stated | None:
    """Return the date printed in *blocks*, which stand above the story."""
    for block in blocks:
        if block.chars <= 60 and not block.hidden and block.link_share < 0.5 and _DIGIT.search(block.text):
            value = read_date(block.text, month_first=True, latest=latest)
            if value:
                return Stated(value, "masthead", block.text)
    return None


def best(stated: list[Stated]) -> Stated | None:
    """Return the first of *stated*, or one of the same day that also states the time."""
    if not stated:
        return None
    first = stated[0]
    if "T" not in first.value or _is_midnight(first.value):
        for other in stated[1:]:
            if other.value[:10] == first.value[:10] and "T" in other.value and not _is_midnight(other.value):
                return other
    return first


def _is_midnight(value: str) -> bool:
    return "T00:00:00" in value


def is_after(value: str, other: str) -> bool:
    """Whether *value* is a later moment than *other*, as far as both tell."""
    try:
        a, b = datetime.fromisoformat(value), datetime.fromisoformat(other)
    except ValueError:
        return False
    if a.tzinfo is None or b.tzinfo is None:
        return a.replace(tzinfo=None) > b.replace(tzinfo=None)
    return a > b
