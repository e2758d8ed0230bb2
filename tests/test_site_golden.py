"""The golden archive: five articles, one Chinese, one Arabic, one hostile, built and compared file by file.

``GOLDEN=write pytest tests/test_site_golden.py`` writes the tree anew; review it with ``git diff``.
"""

import os
import shutil
from pathlib import Path

import pytest

from site_builder.build import build
from tests.site_corpus import GOLDEN, GOLDEN_SETTINGS, broken_links, golden_archive, tree


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = golden_archive(tmp_path_factory.mktemp("golden"))
    report = build(archive, **GOLDEN_SETTINGS)
    assert report.articles == 5
    assert report.bad_files == ()
    return archive / "site"


def test_the_golden_corpus_builds_into_the_golden_tree(built: Path):
    found = {path: data for path, data in tree(built).items() if not path.startswith("assets/")}
    expected = GOLDEN / "expected"
    if os.environ.get("GOLDEN") == "write":
        shutil.rmtree(expected, ignore_errors=True)
        for path, data in found.items():
            (expected / path).parent.mkdir(parents=True, exist_ok=True)
            (expected / path).write_bytes(data)
    kept = tree(expected)
    assert sorted(found) == sorted(kept)
    for path, data in kept.items():
        assert found[path].decode() == data.decode(), path


def test_the_assets_keep_to_their_budgets(built: Path):
    size = {path.name: path.stat().st_size for path in (built / "assets").iterdir()}
    assert size["style.css"] <= 12_000
    assert size["pressmark.js"] <= 6_000
    assert size["search.js"] + size["words.js"] <= 25_000


def test_every_internal_link_leads_to_a_file(tmp_path: Path):
    archive = golden_archive(tmp_path)
    build(archive, title="The Archive", page_size=2)
    assert broken_links(archive / "site") == []


def test_a_broken_link_would_be_found(tmp_path: Path):
    archive = golden_archive(tmp_path)
    build(archive)
    (archive / "site/about.html").unlink()
    assert ("index.html", "about.html") in broken_links(archive / "site")


def test_the_policy_stands_first_and_nothing_is_inline(built: Path):
    for path, data in tree(built).items():
        if path.endswith(".html"):
            html = data.decode()
            assert html.index('<head>\n<meta http-equiv="Content-Security-Policy"') > 0, path
            assert "<style" not in html, path
            assert " style=" not in html, path
            assert html.count("<script") == html.count("<script src="), path


def test_text_of_a_hostile_article_is_text(built: Path):
    page = next(built.glob("articles/hostile.example/undated/*.html")).read_text()
    assert "<script>window" not in page
    assert "<img" not in page
    assert "<svg onload" not in page
    assert 'href="javascript' not in page
    assert (
        page.count('href="#"') == 1
    )  # a related link; its picture, whose address is a script too, is not shown
    assert "&lt;script&gt;window.hacked=1&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_an_article_says_in_which_language_and_direction_it_is(built: Path):
    arabic = next(built.glob("articles/mina.example/2025/10/*.html")).read_text()
    assert '<article dir="rtl">' in arabic
    assert '<div class="body" lang="ar" dir="rtl">' in arabic
    assert "No longer at the source" in arabic
    chinese = next(built.glob("articles/haibao.example/2025/11/*.html")).read_text()
    assert '<div class="body" lang="zh" dir="ltr">' in chinese


def test_links_to_held_articles_lead_to_them_and_back(built: Path):
    first = next(built.glob("articles/harbour.example/2025/10/*.html")).read_text()
    second = next(built.glob("articles/harbour.example/2025/11/*.html")).read_text()
    assert "2 links, 1 held here" in first  # by its headline: the page gives no address
    assert 'class="held" href="../../../../articles/harbour.example/2025/10/31-town-opens' in second
    assert 'class="orig" href="https://harbour.example/second-harbour#top"' in second
    assert "<h2>Linked from</h2>" in first


def test_what_the_publisher_says_is_on_the_page(built: Path):
    page = next(built.glob("articles/harbour.example/2025/10/*.html")).read_text()
    assert "<strong>AI-generated.</strong> This text was written with the help of a machine." in page
    assert "publisher keyword ‘Harbours’" in page
    assert "harbour.example-20251102T060000Z-00001.warc.gz:1024" in page
    assert (
        "(date taken from the masthead)"
        in next(built.glob("articles/harbour.example/2025/11/*.html")).read_text()
    )
