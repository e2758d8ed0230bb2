"""The words of a text are the same in Python and in the browser: one file of cases binds them."""

import json
import re
import shutil
import subprocess
import sys
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from site_builder.words import Clause, number, numbers, parse, words
from tests.browser import launched

CASES = json.loads((Path(__file__).parent / "site_words.json").read_text())
SCRIPT = (files("templates") / "words.js").read_text()
FUZZED = [
    "".join(chr((seed * 7919 + place * 104729) % 0x30000) for place in range(40))
    .encode("utf-8", "replace")
    .decode()
    for seed in range(1, 300)
]


def as_case(clauses: list[Clause]) -> list[list[str]]:
    return [
        [" ".join(item.word + "*" * item.prefix for item in clause.items), "-" * clause.negated]
        for clause in clauses
    ]


@pytest.mark.parametrize(("text", "expected"), CASES["words"])
def test_words(text: str, expected: list[str]):
    assert words(text) == expected


@pytest.mark.parametrize(("query", "expected"), CASES["queries"])
def test_queries(query: str, expected: list[list[str]]):
    assert as_case(parse(query)) == expected


ASK = """([texts, queries]) => [
  texts.map((text) => pressmarkWords.words(text)),
  queries.map((query) => pressmarkWords.parse(query).map(
    (clause) => [clause.items.map(({ word, prefix }) => word + (prefix ? "*" : "")).join(" "), clause.not ? "-" : ""])),
]"""


def in_javascript(texts: list[str], queries: list[str]) -> tuple[list[list[str]], list[list[list[str]]]]:
    if node := shutil.which("node"):
        program = f"{SCRIPT}\nconsole.log(JSON.stringify(({ASK})({json.dumps([texts, queries])})))"
        done = subprocess.run([node, "-"], input=program, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
    else:
        with launched() as browser:
            page = browser.new_page()
            page.add_script_tag(content=SCRIPT)
            found = page.evaluate(ASK, [texts, queries])
    return found[0], found[1]


def test_the_browser_finds_the_same_words():
    texts = [text for text, _ in CASES["words"]] + FUZZED
    queries = [query for query, _ in CASES["queries"]] + FUZZED
    found_words, found_queries = in_javascript(texts, queries)
    for text, found in zip(texts, found_words, strict=True):
        assert found == words(text), ascii(text)
    for query, found in zip(queries, found_queries, strict=True):
        assert found == as_case(parse(query)), ascii(query)


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the table is of Unicode 14.0.0")
def test_the_table_is_unicodes():
    bounds, inside = [], False
    for point in range(sys.maxunicode + 2):
        is_word = point <= sys.maxunicode and unicodedata.category(chr(point))[0] in "LNM"
        if is_word != inside:
            bounds.append(point)
            inside = is_word
    distances = [after - before for before, after in zip([0, *bounds], bounds, strict=False)]
    match = re.search('const BOUNDS = "([^"]*)"', SCRIPT)
    assert match
    assert match[1] == "".join(map(number, distances))


@given(st.lists(st.integers(0, 10**6)))
def test_numbers_survive_being_written(values: list[int]):
    assert numbers("".join(map(number, values))) == values
