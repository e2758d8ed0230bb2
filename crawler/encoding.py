"""The text of a page's bytes, in the encoding that they state or show."""

import codecs
import re
from contextlib import suppress

from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    resolve_encoding,
    to_unicode,
)

DETECTED_BYTES = 4_000
MAX_PIECE_BYTES = 20_000
MIN_LETTERS = 20
MIN_SHARE = 0.6
"""Of what is not ASCII in a text: the letters of its script are most of it."""
MIN_KANA_SHARE = 0.3
"""Likewise: beside them stand characters that other languages have too."""
MIN_COHERENCE = 0.4
"""Of the frequencies of letters with a language's: 0.45 and more for a text of some lines, next to nothing for half of one."""
_PIECE = re.compile(rb"[^<>\n]++")
_CYRILLIC, _KANA, _HAN = "[\u0400-\u04ff]{3,}", "[\u3040-\u30ff]+", "[\u4e00-\u9fff]{3,}"
# Runs of the letters that make the texts in an encoding; a text of few others holds none, however it is read. Encodings of
# Latin letters are not told apart by a few of them.
_OF_ONE_BYTE = {
    "cp1251": _CYRILLIC,
    "koi8_u": _CYRILLIC,
    "cp1253": "[\u0370-\u03ff]{3,}",
    "cp1255": "[\u0590-\u05ff]{3,}",
    "cp1256": "[\u0600-\u06ff]{3,}",
    "cp874": "[\u0e00-\u0e7f]{3,}",
}
_OF_MORE = {"cp932": _KANA, "euc_jp": _KANA, "cp949": "[\uac00-\ud7a3]{2,}", "gb18030": _HAN, "big5": _HAN}
_RUNS = {name: re.compile(run) for name, run in (_OF_ONE_BYTE | _OF_MORE).items()}

_ENCODING = re.compile(r"utf-|cp\d|iso|koi8|mac-|gb|big5|euc|shift_jis|johab|hz|ascii|latin")
_WESTERN = "cp1252"
_OF_WINDOWS = ("cp125", "cp874")
_SAID_OF_ANYTHING = frozenset({_WESTERN, "iso8859-15"})
"""Of pages in any encoding, by servers and templates that nobody has set."""
_HIGH = bytes(range(0x80, 0x100))
MIN_UTF8_TO_BROKEN = 3
"""Characters of several bytes to each byte that is none of UTF-8's: other encodings make fewer by chance."""


def decoded(body: bytes, content_type: str | None) -> tuple[str, str]:
    """Return the encoding of *body* and its text.

    The order is that of browsers, but what is UTF-8 by its bytes is just that, unless what it says it is fits them too.
    """
    bom, mark = read_bom(body)
    if bom and mark:
        return bom, to_unicode(body[len(mark) :], bom)
    label = _known(http_content_type_encoding(content_type)) or _known(html_body_declared_encoding(body))
    if label == "utf-8":
        return label, to_unicode(body, label)
    if label and label not in _SAID_OF_ANYTHING:
        with suppress(UnicodeDecodeError):
            return label, body.decode(label)
    if _is_utf8(body) or (not label and body.isascii()):
        return "utf-8", to_unicode(body, "utf-8")
    label = label or _detected(body) or _WESTERN
    if label.startswith(_OF_WINDOWS):
        return label, body.decode(label, "whatwg_c1")
    return label, to_unicode(body, label)


def _known(label: str | None) -> str | None:
    """Return *label* when it is an encoding of pages: Python has others, which escape, compress or raise."""
    return label if label and _ENCODING.match(label) else None


def _is_utf8(body: bytes) -> bool:
    """Whether *body*, which may be cut anywhere, has characters of several bytes as UTF-8 writes them, and little that it does not."""
    text, _ = codecs.utf_8_decode(body, "replace", False)
    broken = text.count("\ufffd") - body.count("\ufffd".encode())
    return len(text) - len(body.translate(None, _HIGH)) - broken > MIN_UTF8_TO_BROKEN * broken


def _c1(error: UnicodeError) -> tuple[str, int]:
    """Read a byte that Python has nothing for as the control it is: https://encoding.spec.whatwg.org/#single-byte-decoder."""
    assert isinstance(error, UnicodeDecodeError)
    byte = error.object[error.start]
    return (chr(byte) if byte < 0xA0 else "\ufffd"), error.start + 1


codecs.register_error("whatwg_c1", _c1)


def _detected(body: bytes) -> str | None:
    """Return the encoding of *body* that states none, ``None`` when there is any doubt."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - it takes 30 ms, and one page in hundreds needs it

    sample = bytearray()
    for piece in _PIECE.finditer(body):
        if len(piece[0]) < MAX_PIECE_BYTES and not piece[0].isascii():
            sample += piece[0] + b" "
            if len(sample) > DETECTED_BYTES:
                break
    if not sample:
        return None
    for found in from_bytes(
        sample, cp_isolation=list(_RUNS), preemptive_behaviour=False, enable_fallback=False
    ):
        name, text = found.encoding, str(found)
        letters = sum(map(len, _RUNS[name].findall(text)))
        strange = len(text) - len(text.encode("ascii", "ignore"))
        share = MIN_KANA_SHARE if _RUNS[name].pattern == _KANA else MIN_SHARE
        if letters >= max(MIN_LETTERS, share * strange) and (
            name in _OF_MORE or found.coherence >= MIN_COHERENCE
        ):
            return resolve_encoding(name)
    return None
