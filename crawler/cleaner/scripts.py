"""The data in a page's scripts: JSON wherever it stands, object literals of JavaScript, and either of them in strings."""

import json
import re
from collections.abc import Iterator
from typing import Any

from crawler.page import Page

MIN_OPENED_CHARS = 200
"""A shorter string holds no story."""
MAX_SCRIPT_CHARS = 4_000_000
MAX_ALL_CHARS = 8_000_000
MAX_TOKENS = 200_000
"""Of the JavaScript of one page that is no JSON."""
MAX_NESTING = 120
MAX_NODES = 300_000
MAX_OPENED = 3
"""How often JSON may stand in a string of JSON."""
MIN_VALUE_CHARS = 60
# What an attempt costs at least: beginnings that lead nowhere are as many as an attacker likes.
ATTEMPT_CHARS = 200
RECURSION_CHARS = 50_000
STRIDE_CHARS = 16_000
CALLEE_CHARS = 60

# Where JSON may begin: an object, a list of something other than numbers, a string that is assigned or handed over,
# and a literal of JavaScript that holds either.
_BEGINNING = re.compile(
    r"""\{\s{0,40}"|\[\s{0,40}(?:["\[{]|\d{1,9}\s{0,9},\s{0,9}")|[=(]\s{0,9}"|['`]\s{0,9}[\[{]"""
)
_LITERALS = {
    "'": re.compile(r"'([^'\\]*+(?:\\.[^'\\]*+)*+)'", re.DOTALL),
    "`": re.compile(r"`([^`\\]*+(?:\\.[^`\\]*+)*+)`", re.DOTALL),
}
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "\n": "", "0": ""}
_CALLEE = re.compile(r"([\w$.]{1,40})\s{0,9}\(\s{0,9}$")
# A string that does not end is one token all the same: its quotes are not to be tried one after the other.
_TOKEN = re.compile(
    r'"([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"?'
    r"|'([^'\\\n]*+(?:\\.[^'\\\n]*+)*+)'?"
    r"|([\[\]{}():,;])"
    r"|([A-Za-z_$][\w$]*+)",
    re.DOTALL,
)
# A row of React's stream that is text: its number, its length in bytes of UTF-8, and the text.
# https://github.com/facebook/react/blob/main/packages/react-client/src/ReactFlightClient.js
_TEXT_ROW = re.compile(r"(?:(?<=\n)|^|(?<=[^0-9a-f]))([0-9a-f]{1,6}):T([0-9a-f]{1,6}),")
_REFERENCE = re.compile(r"\$([0-9a-f]{1,6})")


def _limited_int(digits: str) -> int:
    return int(digits) if len(digits) < 19 else 0


_JSON = json.JSONDecoder(strict=False, parse_int=_limited_int)


def data(page: Page) -> Iterator[Any]:
    """Yield the lists, objects and long strings in the scripts of *page*, each outermost; JSON-LD is not among them."""
    left = MAX_ALL_CHARS
    reader = _Reader()
    for node in page.tree.css("script"):
        if "ld+json" in (node.attributes.get("type") or "").lower():
            continue
        text = node.text(deep=True)
        if len(text) <= min(left, MAX_SCRIPT_CHARS):
            left -= len(text)
            yield from reader.read(text, 0)
    for pieces in list(reader.streams.values()):
        yield from reader.read_stream("".join(pieces))


class Loose(list[Any]):
    """What stands between parentheses, or on its own in a script: together, and yet no list."""


class _Reader:
    """Reads one script after the other, and keeps what they hand to one function piece by piece."""

    def __init__(self) -> None:
        self.streams: dict[str, list[str]] = {}
        self.tokens = MAX_TOKENS

    def read(self, text: str, opened: int) -> Iterator[Any]:
        """Yield the values in *text*, which stood in *opened* strings."""
        covered = at = 0
        whole = text
        budget = 4 * len(text) + 20 * ATTEMPT_CHARS
        while budget > 0 and (beginning := _BEGINNING.search(text, at)):
            at = beginning.start()
            if at > STRIDE_CHARS:
                # To tell where it failed, the json module counts the lines before that.
                text, at = text[at - CALLEE_CHARS :], CALLEE_CHARS
                beginning = _BEGINNING.match(text, at)
                assert beginning is not None
            first = text[at]
            if first in _LITERALS:
                literal = _LITERALS[first].match(text, at)
                budget -= ATTEMPT_CHARS + (literal.end() if literal else len(text)) - at
                if literal is None:
                    at += 1
                    continue
                if literal.end() - at >= MIN_VALUE_CHARS and opened < MAX_OPENED:
                    covered += literal.end() - at
                    yield from self.read(_unescaped(literal[1]), opened + 1)
                at = literal.end()
                continue
            if first in "=(":
                at = beginning.end() - 1
            try:
                value, end = _JSON.raw_decode(text, at)
            except json.JSONDecodeError as error:
                # A string that does not end was read to the end of the script, whatever the position says.
                read = len(text) if error.msg.startswith("Unterminated") else error.pos
                budget -= max(read - at, ATTEMPT_CHARS)
                at += 1
                continue
            except (ValueError, RecursionError):
                budget -= RECURSION_CHARS
                at += 1
                continue
            budget -= max(end - at, ATTEMPT_CHARS)
            if self._handed_over(text, at, value):
                covered += end - at
            elif end - at >= MIN_VALUE_CHARS:
                covered += end - at
                yield from self._inside(value, opened)
            at = end
        if 2 * covered < len(whole) and self.tokens > 0:
            value = self._literals(whole)
            yield from self._inside(value, opened)

    def read_stream(self, text: str) -> Iterator[Any]:
        """Yield the values in *text*, joined of all that was handed to one function."""
        rows, rest = _text_rows(text)
        for value in self.read(rest, 1):
            yield _resolved(value, rows) if rows else value
        yield from rows.values()

    def _handed_over(self, text: str, at: int, value: Any) -> bool:
        """Keep *value* when it is a piece of a stream: a number and a string, the argument of a call."""
        if (
            isinstance(value, list)
            and len(value) == 2
            and isinstance(value[1], str)
            and not isinstance(value[0], str)
        ):
            callee = _CALLEE.search(text, max(0, at - CALLEE_CHARS), at)
            if callee is not None:
                self.streams.setdefault(callee[1], []).append(value[1])
                return True
        return False

    def _inside(self, value: Any, opened: int) -> Iterator[Any]:
        """Yield *value*, and the values in its strings."""
        yield _hydrated(value)
        if opened >= MAX_OPENED:
            return
        stack, nodes = [value], 0
        while stack and nodes < MAX_NODES:
            one = stack.pop()
            nodes += 1
            if isinstance(one, dict):
                stack += one.values()
            elif isinstance(one, list):
                stack += one
            elif isinstance(one, str) and len(one) >= MIN_OPENED_CHARS and one.lstrip()[:1] in {"{", "["}:
                yield from self.read(one, opened + 1)

    def _literals(self, text: str) -> list[Any]:
        """Return the objects and lists in *text*, JavaScript; what is no string, object or list in them is ``None``."""
        top = Loose()
        stack: list[list[Any] | dict[str, Any]] = [top]
        key: str | None = None
        last: str | None = None
        for found in _TOKEN.finditer(text):
            self.tokens -= 1
            if self.tokens <= 0:
                break
            kind = found.lastindex
            if kind == 3:
                mark = found[3]
                if mark == ":":
                    key = last
                elif mark in "{[(":
                    inner: list[Any] | dict[str, Any] = {} if mark == "{" else [] if mark == "[" else Loose()
                    if len(stack) < MAX_NESTING:
                        _put(stack[-1], key, inner)
                        stack.append(inner)
                    key = None
                else:
                    if mark in "}])" and len(stack) > 1:
                        stack.pop()
                    key = None
                last = None
                continue
            if kind == 4:
                last = found[4]
                continue
            last = _unescaped(found[kind or 1])
            if key is not None or isinstance(stack[-1], list):
                _put(stack[-1], key, last)
        return top


def _put(container: list[Any] | dict[str, Any], key: str | None, value: Any) -> None:
    if isinstance(container, list):
        container.append(value)
    else:
        while key is None or key in container:
            key = f"{key or ''} "
            if len(key) > 60:
                return
        container[key] = value


def _unescaped(text: str) -> str:
    """Return what *text*, the inside of a literal of JavaScript, stands for."""
    return _ESCAPED.sub(_escape, text) if "\\" in text else text


def _escape(found: re.Match[str]) -> str:
    name = found[1]
    return chr(int(name[1:], 16)) if len(name) > 1 else _ESCAPES.get(name, name)


def _text_rows(text: str) -> tuple[dict[str, str], str]:
    """Return the rows of *text* that are text by their numbers, and what stands around them."""
    rows: dict[str, str] = {}
    around: list[str] = []
    at = 0
    while row := _TEXT_ROW.search(text, at):
        size = int(row[2], 16)
        piece = text[row.end() : row.end() + size].encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
        rows[row[1]] = piece
        around.append(text[at : row.start()])
        at = row.end() + len(piece)
    around.append(text[at:])
    return rows, "\n".join(around)


def _resolved(value: Any, rows: dict[str, str], depth: int = 0) -> Any:
    """Return *value* with the rows that it refers to in their place."""
    if isinstance(value, str):
        name = _REFERENCE.fullmatch(value)
        return rows.get(name[1], value) if name else value
    if depth < MAX_NESTING:
        if isinstance(value, list):
            return [_resolved(one, rows, depth + 1) for one in value]
        if isinstance(value, dict):
            return {key: _resolved(one, rows, depth + 1) for key, one in value.items()}
    return value


def _hydrated(value: Any) -> Any:
    """Return *value*, or the value it stands for when it is a flat list whose numbers are places in itself.

    Such is the form of devalue, which Nuxt and SvelteKit write: https://github.com/sveltejs/devalue
    """
    if not isinstance(value, list) or len(value) < 4 or not _refers(value[0], len(value)):
        return value
    left = 5 * len(value) + 1_000  # places may be shared, and may go round

    def place(at: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < len(value):
            return None
        if left < 0 or depth > MAX_NESTING:
            return None
        one = value[at]
        if isinstance(one, list):
            if one and isinstance(one[0], str):  # a wrapper, named
                return place(one[1], depth + 1) if len(one) == 2 else None
            return [place(inner, depth + 1) for inner in one]
        if isinstance(one, dict):
            return {key: place(inner, depth + 1) for key, inner in one.items()}
        return one

    return place(0, 0)


def _refers(value: Any, size: int) -> bool:
    """Whether *value*, the first of *size*, is nothing but places."""
    if isinstance(value, list):
        return len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int and 0 < value[1] < size
    if isinstance(value, dict) and value:
        return all(type(one) is int and -9 < one < size for one in value.values())
    return False
