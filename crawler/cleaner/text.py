"""The rules every printed text keeps: NFC, one line, no controls, no mojibake."""

import re
import unicodedata
from functools import lru_cache

import ftfy

# C0 and C1 controls, soft hyphen, zero-width space, bidi overrides, BOM, noncharacters, lone surrogates.
# ZWNJ, ZWJ, LRM and RLM are kept: Persian, Indic scripts and emoji need them.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufffe\uffff"
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe\U0004ffff\U0005fffe\U0005ffff"
    "\U0006fffe\U0006ffff\U0007fffe\U0007ffff\U0008fffe\U0008ffff\U0009fffe\U0009ffff\U000afffe\U000affff"
    "\U000bfffe\U000bffff\U000cfffe\U000cffff\U000dfffe\U000dffff\U000efffe\U000effff\U000ffffe\U000fffff"
    "\U0010fffe\U0010ffff\ud800-\udfff]+"
)
# UTF-8 read as Windows-1252: a letter of the lead bytes followed by what a continuation byte became.
_MOJIBAKE = re.compile(
    "[\u00c2\u00c3\u00e2][\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d\u2122]"
)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WIDE = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)
_WORD = re.compile(r"[^\W_]+(?:[’'\-][^\W_]+)*")
_FOLDED_AWAY = re.compile(r"[\W_]+")
# Tables for `bytes.translate`, which takes a tenth of the time of `str.translate` and of a pattern.
_ASCII_WORDS = bytes(ord(chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)) + bytes(
    128
)
_WESTERN = "cp1252"
_SHAPES = b"".join(
    b"a" if one.isalnum() else b"-" if one in "’'-" else b" "
    for one in (bytes([code]).decode(_WESTERN, "replace") for code in range(256))
)

MAX_LINE_CHARS = 2_000


def tidy(text: str) -> str:
    """Return *text* on one line by the corpus' rules of text."""
    if text.isascii():
        return _one_line(text)
    while True:
        # Before anything falls: bytes of mojibake look like controls and no-break spaces. And after it, for there may be
        # more of it then.
        line = _one_line(_without_mojibake(text) if _is_mojibake(text) else text)
        if not line.isascii():
            line = unicodedata.normalize("NFC", line)
        if line == text or not _is_mojibake(line):
            return line
        text = line


def _one_line(text: str) -> str:
    """Return *text* with one space wherever it has any, and without what is to be dropped, none of which can be printed."""
    if text.isprintable() and "  " not in text:  # of all that is space, a space alone can be
        return text.strip()
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(_DROPPED.sub("", line).split())


def _is_mojibake(text: str) -> bool:
    return ("\u00c3" in text or "\u00c2" in text or "\u00e2" in text) and bool(_MOJIBAKE.search(text))


def _without_mojibake(text: str) -> str:
    return ftfy.fix_text(
        text, uncurl_quotes=False, fix_latin_ligatures=False, fix_character_width=False, normalization=None
    )


def tidy_pre(text: str) -> str:
    """Return *text* of a code block: its lines stay, everything else as in `tidy`."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (_DROPPED.sub("", line.replace("\t", "    ")) for line in text.split("\n"))
    return "\n".join(re.sub(r"[^\S ]", " ", line).rstrip() for line in lines).strip("\n")


def field(text: str) -> str:
    """Return *text* as one line of metadata, cut at `MAX_LINE_CHARS`."""
    return tidy(text)[:MAX_LINE_CHARS].rstrip()


@lru_cache(maxsize=8_192)
def fold(text: str) -> str:
    """Return *text* for comparison: letters and digits only, caseless."""
    if text.isascii():
        return " ".join(text.encode().translate(_ASCII_WORDS).decode().split())
    return _FOLDED_AWAY.sub(" ", unicodedata.normalize("NFKC", text).casefold().replace("\u0307", "")).strip()


def count_words(text: str) -> int:
    """Return the length of *text* in words; each CJK character counts as one."""
    try:
        letters = text.encode() if text.isascii() else text.encode(_WESTERN)
    except UnicodeEncodeError:
        cjk = len(_CJK.findall(text))
        return cjk + len(_WORD.findall(_CJK.sub(" ", text) if cjk else text))
    shape = b" " + letters.translate(_SHAPES)
    # A word begins after a space, or after a hyphen or apostrophe that no letter stands before.
    return shape.count(b" a") + shape.count(b" -a") + shape.count(b"--a")


def weight(text: str) -> int:
    """Return the length of *text* in letters of an alphabet: a CJK character says as much as about three, a Korean syllable as two."""
    if text.isascii() or not (wide := len(_WIDE.findall(text))):
        return len(text)
    return len(text) + wide + len(_CJK.findall(text))
