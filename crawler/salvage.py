"""What can be read of JSON that is broken: each value whose beginning and end are beyond doubt, and no other."""

import json
import re
from typing import Any

MAX_DEPTH = 40

_KEY = re.compile(r'"([^"\\]{1,80})"\s*:\s*')
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(r"(?:true|false|null|-?\d[\d.eE+-]{0,30})(?=[\s,}\]])")
_NO_VALUE = re.compile(r'[^"{}\[\],]*')
_BETWEEN = re.compile(r"[\s,]*")
# A quote ends a string where something can follow it that the text of a string hardly holds: a name and a colon, or an end.
_ENDS_MEMBER = re.compile(r'\s*,?\s*(?:"[^"\\]{1,80}"\s*:|[}\]]|\Z)')
_ENDS_ITEM = re.compile(r'\s*(?:,\s*["{\[\d-]|\]|,?\s*\Z)')
_NEXT_MEMBER = re.compile(r'(?<!\\)"(?=\s*,\s*"[^"\\]{1,80}"\s*:|\s*[}\]])')
_NEXT_ITEM = re.compile(r'(?<!\\)"(?=\s*[,\]])')
_NO_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')
_ABSENT = object()


def salvaged(text: str, at: int) -> Any:
    """Return what the value that begins *at* in *text* holds beyond doubt."""
    return _Reader(text, at).value(0, listed=False)


class _Reader:
    """Reads on from one place; where it cannot tell how deep it stands, it reads no further."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def value(self, depth: int, *, listed: bool) -> Any:
        """Return the value that stands here, in a list or else in an object, or `_ABSENT`."""
        first = self.text[self.at : self.at + 1]
        if depth > MAX_DEPTH:
            self.at = len(self.text)
        elif first == "{":
            return self._object(depth)
        elif first == "[":
            return self._list(depth)
        elif first == '"':
            return self._string(listed=listed)
        elif scalar := _SCALAR.match(self.text, self.at):
            self.at = scalar.end()
            return _read(scalar[0])
        else:
            self._skip(_NO_VALUE)
        return _ABSENT

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        while not self._closed("}", "]"):
            key = _KEY.match(self.text, self.at)
            if key is None:
                self.at = len(self.text)
                break
            self.at = key.end()
            value = self.value(depth + 1, listed=False)
            if value is not _ABSENT:
                found.setdefault(key[1], value)
        return found

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        while not self._closed("]", "}"):
            before = self.at
            value = self.value(depth + 1, listed=True)
            if value is not _ABSENT:
                found.append(value)
            elif self.at == before:
                self.at = len(self.text)
        return found

    def _closed(self, end: str, other: str) -> bool:
        """Whether the next mark is *end*, which is passed, or *other*, which ends what is around this, or there is none."""
        self._skip(_BETWEEN)
        first = self.text[self.at : self.at + 1]
        self.at += first == end
        return first in {end, other, ""}

    def _string(self, *, listed: bool) -> Any:
        found = _STRING.match(self.text, self.at)
        if found and (_ENDS_ITEM if listed else _ENDS_MEMBER).match(self.text, found.end()):
            self.at = found.end()
            return _read(_NO_ESCAPE.sub("", found[0]))
        # A quote inside that is not escaped: where the string ends is known only by what follows.
        end = (_NEXT_ITEM if listed else _NEXT_MEMBER).search(self.text, self.at + 1)
        self.at = end.end() if end else len(self.text)
        return _ABSENT

    def _skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self.text, self.at)
        self.at = found.end() if found else self.at


def _read(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return _ABSENT
