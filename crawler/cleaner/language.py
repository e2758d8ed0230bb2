"""The language of an article: as declared, unless the script of its text is another language's."""

import re

from crawler.cleaner.declared import article_object, line
from crawler.items import Link
from crawler.page import Page

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
MAX_READ_CHARS = 1_000
"""Of the story: its script is seen by then."""
# Scripts of one language, or of few that say so themselves: a theme in English is no English newspaper. Japanese is told
# by its kana, of which no Chinese text has any, before the characters that both write.
_SCRIPTS = tuple(
    (re.compile(f"[{letters}]"), tuple(tongues.split()))
    for letters, tongues in (
        ("\uac00-\ud7a3", "ko"), ("\u0e00-\u0e7f", "th"), ("\u0370-\u03ff\u1f00-\u1fff", "el"), ("\u0590-\u05ff", "he yi iw"),
        ("\u0530-\u058f", "hy"), ("\u10a0-\u10ff", "ka"), ("\u1780-\u17ff", "km"), ("\u0e80-\u0eff", "lo"), ("\u1000-\u109f", "my"),
        ("\u0b80-\u0bff", "ta"), ("\u0c00-\u0c7f", "te"), ("\u0c80-\u0cff", "kn"), ("\u0d00-\u0d7f", "ml"), ("\u0a80-\u0aff", "gu"),
        ("\u0a00-\u0a7f", "pa"), ("\u0b00-\u0b7f", "or"), ("\u0d80-\u0dff", "si"), ("\u1200-\u137f", "am ti"), ("\u0980-\u09ff", "bn as"),
    )
)  # fmt: skip
_KANA, _HAN = re.compile("[\u3040-\u30ff]"), re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_BEYOND_LATIN = re.compile("[\u0370-\u1fff\u2e80-\ud7ff]")


def languages(page: Page, link: Link | None, text: str) -> list[tuple[str, str]]:
    """Return the languages that *page* states as BCP 47, that whose script *text* is written in the first."""
    article = article_object(page)
    stated = [
        (page.language, "html lang"),
        (line(article.get("inLanguage")) if article is not None else None, "json-ld"),
        (page.first_meta("content-language", "language", "dc.language", "og:locale"), "meta"),
        (link.language if link is not None else None, "link"),
    ]
    tags = [(tag, source) for value, source in stated if value and (tag := _tag(value))]
    written = _written_in(text[:MAX_READ_CHARS])
    if not written:
        return tags
    fitting = [one for one in tags if one[0].partition("-")[0] in written]
    return [*(fitting or [(written[0], "script of the text")]), *(one for one in tags if one not in fitting)]


def _written_in(text: str) -> tuple[str, ...]:
    """Return the languages of the script that most letters of *text* are of, the likeliest first; none for one of many languages."""
    if not _BEYOND_LATIN.search(text):
        return ()
    letters = sum(map(str.isalpha, text))
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    if 2 * (kana + han) > letters:
        return ("ja",) if 10 * kana > han else ("zh", "yue", "lzh", "wuu", "nan", "hak")
    return next((tongues for script, tongues in _SCRIPTS if 2 * len(script.findall(text)) > letters), ())


def _tag(value: str) -> str | None:
    value = value.split(",", maxsplit=1)[0].strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(value) or value.lower() in {"und", "mul"}:
        return None
    first, *rest = value.split("-")
    parts = [first.lower()]
    parts += [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in rest]
    return "-".join(parts)
