"""The Jinja environment: everything escaped, nothing undefined, links relative, dates in words."""

from datetime import date, datetime
from importlib.resources import files
from urllib.parse import quote, urlsplit

import jinja2

from site_builder.catalog import UNDATED, direction
from site_builder.days import day_path, month_path, year_path
from site_builder.feeds import xml_text
from site_builder.planning import Holdings, Page, Settings

NOT_FOUND = "404.html"

# Names in English whatever the locale: the same corpus gives the same bytes on every machine.
_MONTHS = tuple(
    "January February March April May June July August September October November December".split()
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SAFE_IN_PATHS = "/-._~!$'()*+,;=:@"

# Shades of the calendar: the least count of each level above none.
_LEVELS = (1, 3, 8, 20)


class Templates:
    """The templates of the built archive."""

    def __init__(self, holdings: Holdings) -> None:
        self._settings = holdings.settings
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(files("templates"))),
            autoescape=True,  # every extension: text is data
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= {
            "to": _to,
            "address": _address,
            "quoted": quoted,
            "direction": direction,
            "many": many,
            "number": number,
            "level": level,
            "long_day": long_day,
            "long_date": long_date,
            "moment": moment,
            "month_name": month_name,
            "period_name": period_name,
            "weekday": weekday,
            "web": web,
            "day_path": day_path,
            "month_path": month_path,
            "year_path": year_path,
            "xml_text": xml_text,
            "publisher": holdings.publisher,
        }

    def render(self, page: Page) -> bytes:
        """Return the bytes of *page*."""
        context = page.make()
        if not page.template:
            assert isinstance(context, bytes)
            return context
        root = self._root_anywhere() if page.path == NOT_FOUND else "../" * page.path.count("/")
        template = self._environment.get_template(page.template)
        # A lone surrogate cannot be in a corpus file, which is UTF-8, but JSON's \ud800 can bring one in.
        return template.render(context, settings=self._settings, root=root).encode("utf-8", "replace")

    def _root_anywhere(self) -> str:
        """Return the address of the top as the not-found page needs it, which is shown at any depth."""
        return urlsplit(self._settings.base_url or "/").path


def quoted(path: str) -> str:
    """Return *path* percent-encoded for an address."""
    return quote(path, safe=_SAFE_IN_PATHS)


def web(address: str) -> str:
    """Return *address* when it is http(s), else ``#``: a file edited by hand may hold ``javascript:``."""
    return address if address.lower().startswith(("http://", "https://")) else "#"


@jinja2.pass_context
def _to(context: jinja2.runtime.Context, path: str) -> str:
    """Return the address of *path*, a path of the built archive, as the page being rendered needs it."""
    root: str = context["root"]
    return root + quoted(path)


@jinja2.pass_context
def _address(context: jinja2.runtime.Context, path: str) -> str:
    """Return the address of *path* as a feed needs it: absolute when the archive's own is known."""
    settings: Settings = context["settings"]
    return settings.base_url + quoted(path) if settings.base_url else _to(context, path)


def number(count: int) -> str:
    """Return *count* with commas between thousands."""
    return f"{count:,}"


def many(count: int, noun: str) -> str:
    """Return *count* with *noun* in singular or plural."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number(count)} {noun if count == 1 else plural}"


def level(count: int) -> int:
    """Return the shade of a day with *count* articles, 0 to 4."""
    return sum(1 for least in _LEVELS if count >= least)


def long_day(day: str) -> str:
    """Return ``yyyy-mm-dd`` in words; what is no day stays as it is."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        return day
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def long_date(stated: str) -> str:
    """Return an ISO 8601 day or time in words, with the offset as stated."""
    day, rest = stated[:10], stated[11:]
    clock, offset = rest[:5], ""
    for sign in ("+", "-", "Z"):
        if sign in rest:
            offset = " UTC" if sign == "Z" else " " + rest[rest.index(sign) :].replace("-", "−")
    return long_day(day) + (f", {clock}{offset}" if clock else "")


def moment(stated: str) -> str:
    """Return one of our own times, ``yyyy-mm-ddThh:mm:ssZ``, in words."""
    try:
        when = datetime.fromisoformat(stated)
    except ValueError:
        return stated
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def month_name(month: str) -> str:
    """Return ``yyyy-mm`` in words; a year, ``yyyy``, stays one."""
    if month == UNDATED or "-" not in month:
        return month.capitalize()
    return f"{_MONTHS[int(month[5:7]) - 1]} {month[:4]}"


def period_name(period: str) -> str:
    """Return a week (named by its Monday, ``yyyy-mm-dd``), a month or a year in words."""
    return f"week of {long_day(period)}" if len(period) == 10 else month_name(period)


def weekday(day: str) -> str:
    """Return the name of the weekday of ``yyyy-mm-dd``."""
    return _WEEKDAYS[date.fromisoformat(day).weekday()]
