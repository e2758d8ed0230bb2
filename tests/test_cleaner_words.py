"""What makes the lists of words quick to ask changes no answer."""

import re
import sys

import pytest

from crawler.cleaner.words import (
    BYLINE,
    CREDIT,
    END_OF_STORY,
    FURNITURE_LEAD,
    KNOWN_OPENING,
    any_case,
    by_first_letter,
    stands_for_embed,
)

EVERY_LETTER = "".join(map(chr, range(sys.maxunicode + 1)))


@pytest.mark.parametrize("letter", ["a", "i", "s", "k", "å", "ü", "о", "т", "圖", "글"])
def test_a_letter_in_any_case_is_what_a_pattern_that_ignores_case_takes_for_it(letter: str) -> None:
    alike = re.compile(any_case(letter)).findall(EVERY_LETTER)
    assert alike == re.compile(letter, re.IGNORECASE).findall(EVERY_LETTER)


def test_branches_of_a_letter_stand_together() -> None:
    assert by_first_letter(["one", "two", "once", r"\d+"]) == r"o(?:ne|nce)|two|\d+"


@pytest.mark.parametrize(
    "text",
    [
        "Comments (12)", "— Leave a reply", "3 responses", "À propos de l'auteur", "SOBRE EL AUTOR", "댓글",
        "Signing up for the letter", "© The Paper", "(c) The Paper", "Fıled under: Bridges", "PUBLİSHED 1 May", "First posted on Monday",
        "_Läs även: The bridge", "5 min read", "00:00", "читайте: мост", "Photo: A. Maker", "写真：A", "Words by Jane Maker", "Von Jane Maker", "文：王",
        "Por Juan Maker", "ſtory by Jane Maker", "文 王",
    ],
)  # fmt: skip
def test_what_the_four_patterns_match_opens_as_known(text: str) -> None:
    patterns = (BYLINE.match, CREDIT.match, FURNITURE_LEAD.match, END_OF_STORY.fullmatch)
    assert KNOWN_OPENING.match(text) or not any(map(bool, (ask(text) for ask in patterns)))


def test_prose_opens_as_none_of_them() -> None:
    assert not KNOWN_OPENING.match("The council voted on Tuesday to keep the old bridge open.")


@pytest.mark.parametrize(
    "text", ["Inhalt laden", "EXTERNER INHALT", "Please allow all the cookies", "Contenu tiers"]
)
def test_what_stands_for_something_embedded_is_known(text: str) -> None:
    assert stands_for_embed(text)
