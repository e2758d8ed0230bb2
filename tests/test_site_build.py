"""A build writes what changed and nothing else, gives the same bytes whatever came before, and survives kills."""

import errno
import fcntl
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.corpus import Corpus
from crawler.items import RunReport, SiteRecord
from site_builder import build as builder
from site_builder.build import BuildRunning, build, explain
from site_builder.catalog import IdClash
from site_builder.output import Output, WrittenTwice
from tests.conftest import ROOT
from tests.site_corpus import GOLDEN_SETTINGS, article, broken_links, golden_archive, put, related, tree

SUBPROCESS = """
import sys
from pathlib import Path
from site_builder.build import build

if __name__ == "__main__":
    build(Path(sys.argv[1]), title="The Archive", base_url="https://archive.example/kept/", page_size=2, full=True)
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of twelve articles on two sites in three months."""
    topics = ("Harbours", "Boats", "Fish")
    put(
        tmp_path,
        *(
            article(
                n,
                date=f"2025-{8 + n % 3:02}-{n + 1:02}",
                authors=("Mira Holt",) if n % 2 else ("Jon Adler", "Ann Lee"),
                section="News" if n % 3 else None,
                keywords=topics[: n % 4],
                **({} if n % 4 else {"site": "b.example", "url": f"https://b.example/{n}", "publisher": "B"}),
                links=(related(1, "earlier", f"https://news.example/report-{n - 1}"),),
            )
            for n in range(12)
        ),
    )
    return tmp_path


def written(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """Return the paths that are new or differ, without the search index."""
    return {
        path for path, data in after.items() if before.get(path) != data and not path.startswith("search/")
    }


def stamps(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_second_build_writes_nothing(archive: Path):
    first = build(archive)
    before = stamps(archive / "site")
    second = build(archive)
    assert second.written == second.pruned == 0
    assert (second.articles, second.pages) == (first.articles, first.pages) == (12, len(before))
    assert stamps(archive / "site") == before


def test_a_full_build_gives_the_same_bytes(archive: Path):
    build(archive)
    before = tree(archive / "site")
    assert build(archive, full=True).written == len(before)
    assert tree(archive / "site") == before


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai"},
        {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "C"},
    ],
)
def test_hash_seed_time_zone_and_locale_do_not_matter(tmp_path: Path, environment: dict[str, str]):
    here, there = golden_archive(tmp_path / "here"), golden_archive(tmp_path / "there")
    build(here, **GOLDEN_SETTINGS)
    script = tmp_path / "run.py"
    script.write_text(SUBPROCESS)
    subprocess.run(
        [sys.executable, script, there], check=True, env={**os.environ, **environment, "PYTHONPATH": "."}
    )
    assert tree(here / "site") == tree(there / "site")


def test_another_folder_and_another_order_of_arrival_give_the_same_bytes(archive: Path, tmp_path_factory):
    build(archive)
    other = tmp_path_factory.mktemp("other")
    corpus, articles = Corpus(other), [Corpus(archive).read(file.stem) for file in Corpus(archive).scan()]
    for one in random.Random(7).sample(articles, len(articles)):
        put(other, one)
        if random.Random(one.id).random() < 0.4:
            build(other)
    build(other)
    assert len(list(corpus.scan())) == 12
    assert tree(other / "site") == tree(archive / "site")


def test_any_history_of_changes_ends_in_the_same_bytes_as_one_full_build(archive: Path):
    """The inputs of every page are complete: whatever changes, no page is left as it was."""
    corpus, chance = Corpus(archive), random.Random(3)
    build(archive, page_size=3)
    for step in range(25):
        stems = [file.stem for file in corpus.scan()]
        stem = chance.choice(stems)
        one = corpus.read(stem)
        change = step % 9
        if change == 0:
            corpus.text_path(stem).unlink()
        elif change == 1:
            put(archive, article(100 + step, keywords=("Harbours", "harbours"), authors=("Ann Lee",)))
        else:
            corpus.write(
                replace(
                    one,
                    **{
                        2: {"title": f"Other headline {step}"},
                        3: {"date": chance.choice([None, "2024-02-29", "2025-08-09T10:00:00Z"])},
                        4: {"keywords": ("Boats", "boats", "Fish")[: chance.randrange(4)]},
                        5: {
                            "links": (
                                related(1, "Report number 3"),
                                related(2, "x", "https://news.example/report-5"),
                            )
                        },
                        6: {"authors": ("mira holt",), "section": chance.choice(["news", "NEWS", None])},
                        7: {"gone": "2025-12-01", "publisher": chance.choice(["The News", "New Name"])},
                        8: {"language": "ar", "description": f"d{step}", "notices": ("ai-generated",)},
                    }[change],
                ),
                stem,
            )
        if step == 12:
            corpus.write_site_record(
                SiteRecord(name="news.example", start="https://news.example/", publisher="Printed")
            )
        build(archive, page_size=3)
        incremental = tree(archive / "site")
        build(archive, page_size=3, full=True)
        assert incremental == tree(archive / "site"), f"step {step}, change {change}"
        assert broken_links(archive / "site") == []


def test_a_changed_text_touches_its_own_files_only(archive: Path):
    build(archive)
    before = tree(archive / "site")
    corpus = Corpus(archive)
    stem = next(file.stem for file in corpus.scan() if file.stem.startswith("news.example/2025/09"))
    corpus.write(replace(corpus.read(stem), body="Another text altogether."), stem)
    build(archive)
    assert written(before, tree(archive / "site")) == {f"articles/{stem}.html", f"articles/{stem}.md"}


def test_a_new_article_touches_tens_of_pages(tmp_path: Path):
    put(
        tmp_path,
        *(
            article(
                n,
                date=f"20{15 + n % 10}-{1 + n % 12:02}-{1 + n % 28:02}",
                keywords=("Boats",) * (n % 2),
                section="News",
            )
            for n in range(300)
        ),
    )
    build(tmp_path, page_size=10)
    before = tree(tmp_path / "site")
    assert len(before) > 1000
    (stem,) = put(tmp_path, article(1000, date="2025-12-01", keywords=("Boats",), section="News"))
    build(tmp_path, page_size=10)
    after = tree(tmp_path / "site")
    changed = written(before, after)
    assert f"articles/{stem}.html" in changed
    assert (
        len([path for path in changed if path.startswith("articles/")]) == 4
    )  # its three files and its neighbour
    assert len(changed) < 30


def test_a_deleted_article_leaves_nothing_behind(archive: Path):
    build(archive)
    corpus = Corpus(archive)
    stem = next(file.stem for file in corpus.scan() if file.stem.startswith("news.example/2025/10"))
    corpus.text_path(stem).unlink()
    corpus.links_path(stem).unlink()
    report = build(archive)
    assert report.pruned > 0
    assert report.articles == 11
    assert stem not in "".join(tree(archive / "site"))
    assert broken_links(archive / "site") == []
    after = tree(archive / "site")
    build(archive, full=True)
    assert tree(archive / "site") == after


def test_strange_files_and_left_temps_are_pruned(archive: Path):
    build(archive)
    before = tree(archive / "site")
    (archive / "site/articles/.x.html.tmp").write_text("half")
    (archive / "site/old/older").mkdir(parents=True)
    (archive / "site/old/older/page.html").write_text("old")
    assert build(archive).pruned == 2
    assert tree(archive / "site") == before
    assert not (archive / "site/old").exists()


@pytest.mark.parametrize("harm", ["delete", "edit", "truncate"])
@pytest.mark.parametrize("path", ["index.html", "search/manifest.js", "assets/style.css", "feed.xml"])
def test_a_page_that_was_deleted_or_edited_heals(archive: Path, harm: str, path: str):
    build(archive)
    before = tree(archive / "site")
    page = archive / "site" / path
    page.unlink() if harm == "delete" else page.write_text("harm" if harm == "edit" else "")
    assert build(archive).written == 1
    assert tree(archive / "site") == before


@pytest.mark.parametrize(
    "harm", ["delete", "garbage", "cut", "other tables", "no bodies", "bad record", "bad fact"]
)
def test_a_damaged_memory_heals(archive: Path, harm: str):
    build(archive)
    before = tree(archive / "site")
    memory = archive / "build/memory.sqlite"
    statements = {
        "other tables": "DROP TABLE article",
        "no bodies": "DELETE FROM body",
        "bad record": "UPDATE article SET record = x'7b'",
        "bad fact": "UPDATE fact SET value = '{' WHERE name = 'search'",
    }
    if harm == "delete":
        shutil.rmtree(archive / "build")
    elif harm == "garbage":
        memory.write_bytes(b"garbage" * 1000)
    elif harm == "cut":
        memory.write_bytes(memory.read_bytes()[: memory.stat().st_size // 2])
    else:
        with sqlite3.connect(memory) as db:
            db.execute(statements[harm])
        db.close()
    shutil.rmtree(archive / "site/articles")
    (archive / "site/index.html").unlink()
    build(archive)
    assert tree(archive / "site") == before
    assert build(archive).written == 0


class Killed(BaseException):
    """Stands for a kill: nothing in the builder catches it."""


@pytest.mark.parametrize("at", [1, 2, 7, 30, 80])
@pytest.mark.parametrize("new", [True, False])
def test_a_build_cut_short_is_finished_by_the_next(archive: Path, monkeypatch, at: int, new: bool):
    if not new:
        build(archive)
        corpus = Corpus(archive)
        for file in corpus.scan():
            corpus.write(replace(corpus.read(file.stem), title=f"New {file.stem[-6:]}"), file.stem)
    count = 0
    write = Output.write

    def until(self: Output, path: str, data: bytes) -> tuple[int, int]:
        nonlocal count
        count += 1
        if count == at:
            (self.folder / "half.tmp").parent.mkdir(parents=True, exist_ok=True)
            (self.folder / f".{path.rpartition('/')[2]}.tmp").write_bytes(data[: len(data) // 2])
            raise Killed
        return write(self, path, data)

    with monkeypatch.context() as patch:
        patch.setattr(Output, "write", until)
        with pytest.raises(Killed):
            build(archive)
    if not new:
        assert broken_links(archive / "site") == []
    build(archive)
    after = tree(archive / "site")
    build(archive, full=True)
    assert tree(archive / "site") == after


def test_a_real_kill_leaves_whole_files(tmp_path: Path):
    put(tmp_path, *(article(n, body="Words. " * 400) for n in range(60)))
    script = tmp_path / "run.py"
    script.write_text(SUBPROCESS)
    process = subprocess.Popen([sys.executable, script, tmp_path], env={**os.environ, "PYTHONPATH": "."})
    while process.poll() is None and len(list(tmp_path.glob("site/articles/**/*.html"))) < 5:
        pass
    process.kill()
    process.wait()
    for page in tmp_path.glob("site/**/*.html"):
        assert page.name.startswith(".") or page.read_text().endswith("</html>\n")
    settings = {"title": "The Archive", "base_url": "https://archive.example/kept/", "page_size": 2}
    build(tmp_path, **settings)
    after = tree(tmp_path / "site")
    build(tmp_path, **settings, full=True)
    assert tree(tmp_path / "site") == after


def test_a_full_disk_is_an_oserror_and_the_next_build_finishes(archive: Path, monkeypatch):
    count = 0
    replace_file = Path.replace

    def full(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace_file(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left") as caught:
            build(archive)
    assert caught.value.errno == errno.ENOSPC
    assert [path for path in tree(archive / "site") if path.endswith(".tmp")] == []
    build(archive)
    after = tree(archive / "site")
    build(archive, full=True)
    assert tree(archive / "site") == after


def test_a_second_build_at_the_same_time_is_refused(archive: Path):
    (archive / "build").mkdir()
    with (archive / "build/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BuildRunning):
            build(archive)
        assert not (archive / "site").exists()
    build(archive)


def test_a_bad_file_is_named_and_left_out(archive: Path):
    build(archive)
    corpus = Corpus(archive)
    stem = next(file.stem for file in corpus.scan())
    whole = corpus.text_path(stem).read_text()
    corpus.text_path(stem).write_text(whole.replace('title: "', "title: "))
    for _ in range(2):  # each build names it
        report = build(archive)
        assert [name for name, _ in report.bad_files] == [stem]
        assert report.articles == 11
    assert broken_links(archive / "site") == []
    corpus.text_path(stem).write_text(whole)
    assert build(archive).articles == 12


def test_a_bad_record_or_report_is_named(archive: Path):
    (archive / "sites/news.example").mkdir(parents=True)
    (archive / "sites/news.example/site.toml").write_text("name = ")
    (archive / "runs").mkdir()
    (archive / "runs/x.json").write_text("{")
    for _ in range(2):
        assert [name for name, _ in build(archive).bad_files] == ["sites/news.example", "runs/x.json"]


def test_two_articles_with_one_id_stop_the_build_with_a_name(archive: Path):
    put(archive, article(1), article(2, id=article(1).id, date="2020-01-01"))
    with pytest.raises(IdClash, match=article(1).id):
        build(archive)


def test_an_empty_archive_builds(tmp_path: Path):
    assert build(tmp_path).articles == 0
    assert broken_links(tmp_path / "site") == []
    assert "Nothing is held yet" in (tmp_path / "site/index.html").read_text()


def test_a_run_report_shows_on_the_front_page(archive: Path):
    build(archive)
    report = RunReport(
        site="news.example", started="2025-11-01T17:00:00Z", ended="2025-11-01T17:20:00Z", finished="done", failed=False,
        pages=3, requests=4, received_bytes=5, outcomes={"stored": 1, "failed": 2}, sources={}, held=12,
    )  # fmt: skip
    Corpus(archive).write_run(report)
    build(archive)
    home = (archive / "site/index.html").read_text()
    assert "last crawl 1 November 2025, 17:20 UTC" in home
    assert "2 pages failed" in home


def test_settings_change_every_page(archive: Path):
    build(archive)
    assert not (archive / "site/sitemap.xml").exists()
    build(archive, title="Another Name", base_url="https://kept.example/a")
    pages = {path: data.decode() for path, data in tree(archive / "site").items() if path.endswith(".html")}
    assert all("Another Name" in html for html in pages.values())
    assert 'href="/a/assets/style.css"' in pages["404.html"]


def test_the_sitemap_lists_every_article_once_by_month(archive: Path):
    build(archive, base_url="https://kept.example/a")
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    index = ET.parse(archive / "site/sitemap.xml")
    files = [
        urlsplit(loc.text or "").path.removeprefix("/a/") for loc in index.iterfind("s:sitemap/s:loc", names)
    ]
    assert files == ["sitemap-2025-08.xml", "sitemap-2025-09.xml", "sitemap-2025-10.xml"]
    places = [
        loc.text or ""
        for file in files
        for loc in ET.parse(archive / "site" / file).iterfind("s:url/s:loc", names)
    ]
    assert len(places) == len(set(places)) == 12
    assert all((archive / "site" / urlsplit(place).path.removeprefix("/a/")).is_file() for place in places)


def test_feeds_have_what_atom_requires(tmp_path: Path):
    archive = golden_archive(tmp_path)
    build(archive, **GOLDEN_SETTINGS)
    atom = "{http://www.w3.org/2005/Atom}"
    feeds = list((archive / "site").rglob("feed.xml"))
    assert len(feeds) == 1 + 4 + 2  # the archive, its sites, its topics
    ids = set()
    for feed in feeds:
        root = ET.parse(feed).getroot()
        for item in [root, *root.iterfind(f"{atom}entry")]:
            for name in ("id", "title", "updated"):
                assert len(item.findall(f"{atom}{name}")) == 1, (feed, name)
            updated = item.findtext(f"{atom}updated") or ""
            assert len(updated) == 20
            assert updated.endswith("Z")
            assert len([link for link in item.findall(f"{atom}link") if link.get("rel") == "alternate"]) == 1
        assert root.find(f"{atom}author/{atom}name") is not None
        newest = max(
            (entry.findtext(f"{atom}updated") or "" for entry in root.iterfind(f"{atom}entry")), default=""
        )
        assert root.findtext(f"{atom}updated") == newest
        ids.add(root.findtext(f"{atom}id"))
    assert len(ids) == len(feeds)


def test_explain_says_what_a_page_is_made_from_and_why_it_is_stale(archive: Path):
    build(archive)
    assert explain(archive, "index.html").startswith("index.html: up to date\n")
    corpus = Corpus(archive)
    stem = next(file.stem for file in corpus.scan())
    corpus.write(replace(corpus.read(stem), title="Another headline"), stem)
    told = explain(archive, f"site/articles/{stem}.html")
    assert "to be written: changed since it was: article" in told
    assert "  template: article.html" in told
    (archive / "site/about.html").write_text("edited")
    assert "changed by someone else" in explain(archive, "about.html")
    (archive / "site/about.html").unlink()
    assert "its file is missing" in explain(archive, "about.html")
    assert explain(archive, "nowhere.html") is None
    build(archive)
    assert "Another headline" in (archive / f"site/articles/{stem}.html").read_text()


def test_one_run_report_that_cannot_be_read_is_named_and_the_others_are_shown(archive: Path):
    corpus = Corpus(archive)
    report = RunReport(
        site="a.example", started="2025-11-02T00:00:00Z", ended="2025-11-02T00:01:00Z", finished="done", failed=False,
        pages=1, requests=2, received_bytes=3, outcomes={"stored": 1}, sources={}, held=1,
    )  # fmt: skip
    corpus.write_run(report)
    bad = corpus.write_run(replace(report, site="b.example"))
    bad.write_text("{")
    for _ in range(2):  # by every build, until it is mended
        [(name, reason)] = build(archive).bad_files
        assert name == f"runs/{bad.name}"
        assert "cannot be read" in reason
    assert "2 November 2025" in (archive / "site/about.html").read_text()


def test_another_version_of_the_builder_writes_what_it_changes(archive: Path, tmp_path: Path):
    """The second build of a newer Pressmark, over the same corpus."""
    project = tmp_path / "project"
    for package in ("crawler", "site_builder", "templates"):
        shutil.copytree(ROOT / package, project / package, ignore=shutil.ignore_patterns("__pycache__"))
    script = (
        "import sys; from pathlib import Path; from site_builder.build import build;"
        "print(build(Path(sys.argv[1])).written)"
    )

    def written() -> int:
        command = [sys.executable, "-c", script, str(archive)]
        return int(
            subprocess.check_output(command, env=os.environ | {"PYTHONPATH": str(project)}, cwd=project)
        )

    pages = written()
    assert written() == 0
    for asset in ("style.css", "search.js", "icon.svg"):
        with (project / "templates" / asset).open("a") as file:
            file.write("\n/* another */ .another { color: red; }\n" if asset == "style.css" else "\n\n")
        assert written() == 1, asset
    with (project / "templates" / "base.html").open("a") as file:
        file.write("<!-- another -->")
    assert 1 < written() <= pages
    assert written() == 0


def test_a_path_is_written_once(tmp_path: Path):
    output = Output(tmp_path)
    output.write("a/b.html", b"x")
    with pytest.raises(WrittenTwice):
        output.write("A/b.html", b"y")


def test_progress_is_told(archive: Path):
    told = []
    build(archive, progress=lambda *told_now: told.append(told_now))
    assert ("load", 12, 12) in told
    assert told[-1][0] == "write"
    assert told[-1][1] == told[-1][2]


def test_many_bodies_are_rendered_in_worker_processes_alike(tmp_path: Path):
    put(tmp_path, *(article(n) for n in range(40)))
    report = build(tmp_path)
    assert report.articles == 40
    for page in (tmp_path / "site/articles").rglob("*.html"):
        assert '<p id="p2">' in page.read_text()


def test_the_lock_is_let_go(archive: Path):
    build(archive)
    with pytest.raises(RuntimeError, match="x"), builder._lock(archive / "build"):
        raise RuntimeError("x")
    build(archive)
