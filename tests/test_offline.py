"""What is done to an archive without network: status, explain, verify, reclean, the state made anew."""

import gzip
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from crawler.captures import read_records
from crawler.corpus import Corpus, dump, file_digest
from crawler.state import leased
from tests.conftest import crawl, pressmark, tree
from tests.newspaper import paper
from tests.newspaper.serve import Newspaper, fail

GONE = next(
    path for path, truth in paper.truth().items() if truth["paper"] == paper.NAME and path != paper.CHANGED
)


class Held(NamedTuple):
    """An archive of two runs: one article revised, one gone, the others looked at again."""

    newspaper: Newspaper
    archive: Path
    name: str
    """Of its one site."""

    @property
    def url(self) -> str:
        return self.newspaper.origin + paper.CHANGED

    @property
    def state(self) -> Path:
        return self.archive / "state" / f"{self.name}.sqlite"

    def stem_of(self, path: str) -> str:
        corpus = Corpus(self.archive)
        return next(file.stem for file in corpus.scan() if corpus.read(file.stem).url.endswith(path))


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    archive = tmp_path_factory.mktemp("two-runs") / "archive"
    with Newspaper() as newspaper:
        assert crawl(newspaper, archive).code == 0
        newspaper.edition = 2
        newspaper.faults[GONE] = fail(410)
        [report] = crawl(newspaper, archive, "--recheck").json
        assert report["outcomes"]["gone"] == 1
        assert report["outcomes"]["revised"] >= 1
        yield Held(newspaper, archive, report["site"])


@pytest.fixture
def held(two_runs: Held, tmp_path: Path) -> Held:
    """A copy to change."""
    shutil.copytree(two_runs.archive, tmp_path / "archive")
    return two_runs._replace(archive=tmp_path / "archive")


def kept_bytes(archive: Path) -> dict[str, bytes]:
    """The bytes of what is the archive: everything but state and logs."""
    return {
        path: data
        for path, data in tree(archive).items()
        if not path.startswith(("state/", "logs/", "runs/", "sites/"))
    }


class TestReclean:
    def test_nothing_changed_means_no_byte_changes(self, held: Held) -> None:
        before = tree(held.archive)
        done = pressmark("reclean", "--archive", held.archive, "--json")
        assert done.code == 0, done.err
        [told] = done.json
        assert (told["rewritten"], told["new"], told["kept"]) == (0, 0, [])
        assert told["unchanged"] == len(list(held.archive.glob("corpus/**/*.md"))) + len(
            list(held.archive.glob("revisions/**/*.md"))
        )
        after = tree(held.archive)
        for path, data in before.items():
            if not path.startswith(("state/", "logs/")):
                assert after[path] == data, path

    def test_what_an_older_cleaner_wrote_is_written_anew_and_is_no_revision(self, held: Held) -> None:
        before = kept_bytes(held.archive)
        corpus = Corpus(held.archive)
        place = held.stem_of(paper.CHANGED)
        path = corpus.text_path(place)
        # As an older cleaner would have left it: in the corpus, and known to the state.
        path.write_text(path.read_text().replace("\n\n", "\n\nShare this article\n\n", 2))
        _know_file(held, corpus, place)
        revision = next(iter(corpus.revisions(held.name)))
        revision.write_text(revision.read_text().replace("\n\n", "\n\nShare this article\n\n", 2))
        done = pressmark("reclean", held.name, "--archive", held.archive, "--json")
        [told] = done.json
        assert (told["rewritten"], told["kept"]) == (2, [])
        assert kept_bytes(held.archive) == before
        assert pressmark("verify", "--archive", held.archive).code == 0

    def test_a_changed_cleaner_makes_no_revision_when_the_page_changes_too(self, held: Held) -> None:
        corpus = Corpus(held.archive)
        place = held.stem_of(paper.CHANGED)
        path = corpus.text_path(place)
        path.write_text(path.read_text().replace("\n\n", "\n\nShare this article\n\n", 2))
        _know_file(held, corpus, place)
        revisions = len(corpus.revisions(held.name))
        with sqlite3.connect(held.state) as db:  # as if the page had other bytes around the same text
            db.execute(
                "update link set digest = 'sha256:0', etag = null, last_modified = null where stem = ?",
                (place,),
            )
        db.close()
        [report] = crawl(held.newspaper, held.archive, "--recheck").json
        assert "revised" not in report["outcomes"]
        assert "Share this article" not in path.read_text()
        assert len(Corpus(held.archive).revisions(held.name)) == revisions

    @pytest.mark.parametrize("force", [False, True])
    def test_an_edit_by_hand_is_kept_unless_forced(self, held: Held, force: bool) -> None:
        before = kept_bytes(held.archive)
        path = Corpus(held.archive).text_path(held.stem_of(paper.CHANGED))
        path.write_text(path.read_text().replace("million", "thousand"))
        edited = path.read_bytes()
        done = pressmark("reclean", "--archive", held.archive, *(["--force"] if force else []))
        assert done.code == 0
        assert ("edited by hand" in done.err) is not force
        assert (path.read_bytes() == edited) is not force
        assert (kept_bytes(held.archive) == before) is force

    def test_a_lost_capture_keeps_its_file(self, held: Held) -> None:
        before = kept_bytes(held.archive)
        [warc] = (held.archive / "captures").rglob("*.warc.gz")
        warc.unlink()
        done = pressmark("reclean", "--archive", held.archive, "--json")
        assert "capture cannot be read" in done.json[0]["kept"][0]["reason"]
        assert {k: v for k, v in kept_bytes(held.archive).items() if k.startswith("corpus")} == {
            k: v for k, v in before.items() if k.startswith("corpus")
        }

    def test_a_site_that_is_none_is_named(self, held: Held) -> None:
        done = pressmark("reclean", "news.example", "--archive", held.archive)
        assert done.code == 2
        assert held.name in done.err


def _know_file(held: Held, corpus: Corpus, place: str) -> None:
    with sqlite3.connect(held.state) as db:
        db.execute("update link set file_digest = ? where stem = ?", (file_digest(corpus.read(place)), place))
    db.close()


class TestVerify:
    def test_an_archive_of_several_runs_agrees(self, held: Held) -> None:
        done = pressmark("verify", "--archive", held.archive, "--json")
        assert done.code == 0, done.err
        [told] = done.json
        assert told["findings"] == []
        assert told["articles"] == len(list(held.archive.glob("corpus/**/*.md")))
        assert told["revisions"] >= 1
        assert told["captures"] > told["articles"]

    @pytest.mark.parametrize(
        ("damage", "found"),
        [
            ("corpus", "the state knows it, and it is not there"),
            ("links", "cut short"),
            ("text", "no string in double quotes"),
            ("revision", "no front matter"),
            ("record", "digest differs"),
            ("cut", "ends after"),
            ("stranger", "the state does not know it"),
            ("state", "cannot be used"),
            ("no state", "there is none"),
            ("report", "cannot be read"),
            ("site", "site.toml"),
        ],
    )
    def test_what_does_not_agree_is_named(self, held: Held, damage: str, found: str) -> None:
        corpus = Corpus(held.archive)
        place = held.stem_of(paper.CHANGED)
        [warc] = (held.archive / "captures").rglob("*.warc.gz")
        if damage == "corpus":
            corpus.text_path(place).unlink()
        elif damage == "links":
            corpus.links_path(place).write_bytes(corpus.links_path(place).read_bytes()[:-5])
        elif damage == "text":
            corpus.text_path(place).write_text(
                corpus.text_path(place).read_text().replace('url: "', "url: ", 1)
            )
        elif damage == "revision":
            corpus.revisions(held.name)[0].write_text("nothing")
        elif damage == "record":
            _damage_a_record(warc)
        elif damage == "cut":
            warc.write_bytes(warc.read_bytes()[:-200])
        elif damage == "stranger":
            article = corpus.read(place)
            corpus.write(article, place.replace(article.id, "0" * 12))
        elif damage == "state":
            held.state.write_bytes(b"something else entirely, and long enough" * 50)
        elif damage == "no state":
            held.state.unlink()
        elif damage == "report":
            next((held.archive / "runs").glob("*.json")).write_text("{")
        else:
            next((held.archive / "sites").rglob("site.toml")).write_text("name = 3")
        done = pressmark("verify", "--archive", held.archive)
        assert done.code == 1, done.err
        assert found in done.err

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ("update link set source = 'sectiom' where kind = 'article'", "not a valid Source"),
            ("update link set source = cast(x'ff41' as text) where kind = 'article'", "Could not decode"),
            ("update or ignore sighting set source = 'sectiom'", "not a valid Source"),
            ("update run set told = '{'", "truncated"),
        ],
        ids=["no such source", "no text", "no such source of a sighting", "half a report"],
    )
    def test_what_no_run_writes_is_found_in_a_state_that_sqlite_takes_for_whole(
        self, held: Held, change: str, found: str
    ) -> None:
        with sqlite3.connect(held.state) as db:
            db.execute(change)
        db.close()
        done = pressmark("verify", "--archive", held.archive)
        assert done.code == 1
        assert found in done.err
        allowed = ("--allow-host", held.newspaper.origin.removeprefix("http://"))
        explained = (
            [["explain", held.url]] if "update link" in change else []
        )  # it reads what is told of one link
        for command in (*explained, ["crawl", "--recheck", held.name, "--delay", "0"]):
            done = pressmark(*command, *allowed, "--archive", held.archive)
            assert done.code == 2
            assert "cannot be used" in done.err
            assert "--rebuild-state" in done.err
        done = pressmark("verify", "--archive", held.archive, "--rebuild-state")
        assert done.code == 0, done.err

    def test_what_a_kill_left_uncommitted_is_a_note(self, held: Held) -> None:
        [warc] = (held.archive / "captures").rglob("*.warc.gz")
        warc.write_bytes(warc.read_bytes() + warc.read_bytes()[:100])
        done = pressmark("verify", "--archive", held.archive)
        assert done.code == 0
        assert "not committed; the next crawl cuts them off" in done.err

    def test_an_edit_by_hand_is_a_note(self, held: Held) -> None:
        path = Corpus(held.archive).text_path(held.stem_of(paper.CHANGED))
        path.write_text(path.read_text().replace("million", "thousand"))
        done = pressmark("verify", "--archive", held.archive)
        assert done.code == 0
        assert f"note: corpus/{held.stem_of(paper.CHANGED)}.md: edited by hand" in done.err

    def test_a_site_that_a_run_holds_is_left_alone(self, held: Held) -> None:
        with leased(held.state):
            done = pressmark("verify", "--archive", held.archive)
        assert done.code == 75
        assert "another run holds it" in done.err


def _damage_a_record(warc: Path) -> None:
    """Change one byte of one body, and pack its record again."""
    record = next(record for record in read_records(warc) if len(record.capture.body) > 1000)
    data, place = warc.read_bytes(), record.place
    member = gzip.decompress(data[place.offset : place.offset + place.length])
    at = member.rindex(b"</")
    member = member[:at] + b"<!" + member[at + 2 :]
    warc.write_bytes(data[: place.offset] + gzip.compress(member) + data[place.offset + place.length :])


class TestTheStateMadeAnew:
    @pytest.mark.parametrize("before", ["whole", "lost", "broken"])
    def test_from_captures_and_corpus_it_agrees_and_cleans_to_the_same_bytes(
        self, held: Held, before: str
    ) -> None:
        kept = kept_bytes(held.archive)
        if before == "lost":
            for path in held.state.parent.iterdir():
                path.unlink()
        elif before == "broken":
            held.state.write_bytes(b"something else entirely, and long enough" * 50)
        done = pressmark("verify", "--rebuild-state", "--archive", held.archive)
        assert done.code == 0, done.err
        assert kept_bytes(held.archive) == kept
        told = pressmark("reclean", "--archive", held.archive, "--json").json[0]
        assert (told["rewritten"], told["new"], told["kept"]) == (0, 0, [])
        assert kept_bytes(held.archive) == kept
        # And the crawl goes on as if nothing had been: what is held is known, with its validators.
        held.newspaper.requests.clear()
        [report] = crawl(held.newspaper, held.archive, "--recheck").json
        assert "stored" not in report["outcomes"]
        assert "revised" not in report["outcomes"]
        assert report["held"] == len(list(held.archive.glob("corpus/**/*.md")))
        assert {r.status for r in held.newspaper.requests if r.path == paper.CHANGED} == {304}

    def test_a_broken_capture_costs_what_comes_after_it_and_no_more(self, held: Held) -> None:
        [warc] = (held.archive / "captures").rglob("*.warc.gz")
        warc.write_bytes(warc.read_bytes()[:-50])
        kept = kept_bytes(held.archive)
        done = pressmark("verify", "--rebuild-state", "--archive", held.archive)
        assert "is left out" in done.err
        assert {k: v for k, v in kept_bytes(held.archive).items() if k.startswith("corpus")} == {
            k: v for k, v in kept.items() if k.startswith("corpus")
        }

    def test_another_capture_in_its_place_changes_no_file(self, held: Held) -> None:
        corpus = Corpus(held.archive)
        stems = [file.stem for file in corpus.scan()][:2]
        one, other = map(corpus.read, stems)
        path = corpus.text_path(stems[0])
        path.write_text(path.read_text().replace(one.warc or "", other.warc or ""))
        _know_file(held, corpus, stems[0])
        before = path.read_bytes()
        done = pressmark("reclean", "--archive", held.archive)
        assert "another capture lies at" in done.err
        assert path.read_bytes() == before

    def test_a_lost_corpus_comes_back_from_the_captures(self, held: Held) -> None:
        kept = kept_bytes(held.archive)
        for folder in ("corpus", "links", "revisions", "state"):
            shutil.rmtree(held.archive / folder)
        assert pressmark("verify", "--rebuild-state", "--archive", held.archive).code == 0
        assert kept_bytes(held.archive) == kept

    def test_a_lost_state_does_not_cost_the_captures(self, held: Held) -> None:
        [warc] = (held.archive / "captures").rglob("*.warc.gz")
        before = warc.read_bytes()
        shutil.rmtree(held.archive / "state")
        done = crawl(held.newspaper, held.archive)
        assert "--rebuild-state" in done.err
        assert warc.read_bytes().startswith(before)

    def test_a_capture_shorter_than_committed_is_fetched_again(self, held: Held) -> None:
        [warc] = (held.archive / "captures").rglob("*.warc.gz")
        last = [record for record in read_records(warc) if record.capture.status == 200][-1]
        warc.write_bytes(warc.read_bytes()[: last.place.offset + 10])  # as after a power cut
        held.newspaper.requests.clear()
        done = crawl(held.newspaper, held.archive)
        assert "a capture is lost and will be fetched again" in done.err
        path = last.capture.url.removeprefix(held.newspaper.origin)
        assert [request.status for request in held.newspaper.requests if request.path == path] == [200]
        assert pressmark("verify", "--archive", held.archive).code in {0, 1}
        list(read_records(warc))  # every record is whole


class TestStatus:
    def test_it_says_what_is_held_due_and_named_by_whom(self, held: Held) -> None:
        done = pressmark("status", "--archive", held.archive)
        assert done.code == 0
        articles = len(list(held.archive.glob("corpus/**/*.md")))
        assert f"{held.name}: {articles} articles (1 gone from the site), idle" in done.out
        assert "articles named by: feed" in done.out
        assert "due: nothing" in done.out

    def test_of_a_named_site_it_lists_the_listings(self, held: Held) -> None:
        done = pressmark("status", held.name, "--archive", held.archive)
        assert f"{held.newspaper.origin}/feed.xml  [feed" in done.out

    def test_it_can_be_asked_while_a_run_goes_on(self, held: Held) -> None:
        with leased(held.state):
            done = pressmark("status", "--archive", held.archive, "--json")
        [told] = done.json
        assert told["state"] == "running"
        assert told["sources"]["sitemap"]["named"] > 10
        assert told["last_run"]["outcomes"]["gone"] == 1

    def test_a_configured_site_that_was_never_crawled_is_named(self, held: Held, tmp_path: Path) -> None:
        config = tmp_path / "pressmark.toml"
        config.write_text('[[site]]\nstart = "https://news.example/"\n')
        done = pressmark("status", "--archive", held.archive, "--config", config)
        assert "news.example: 0 articles, never crawled" in done.out

    @pytest.mark.parametrize("arguments", [("nowhere.example",), ("--archive", "nowhere")])
    def test_what_is_not_there_is_named(self, held: Held, arguments: tuple[str, ...]) -> None:
        archive = () if "--archive" in arguments else ("--archive", held.archive)
        assert pressmark("status", *arguments, *archive).code == 2


class TestExplain:
    def explain(self, held: Held, url: str) -> str:
        hosts = [part for host in held.newspaper.hosts for part in ("--allow-host", host)]
        done = pressmark("explain", url, "--archive", held.archive, *hosts)
        assert done.code == 0, done.err
        return done.out

    def test_an_article_tells_where_it_was_found_and_what_came_of_it(self, held: Held) -> None:
        told = self.explain(held, held.url)
        assert f"sitemap on {held.newspaper.origin}/sitemap-2025-10.xml" in told
        assert "kind: article\n    because " in told
        assert f"kept: corpus/{held.stem_of(paper.CHANGED)}.md, 1 earlier texts" in told
        assert told.count("fetched:") == 2
        assert "next: " in told

    def test_a_refused_page_tells_why(self, held: Held) -> None:
        assert "state: refused: other: a page of service" in self.explain(
            held, f"{held.newspaper.origin}/about"
        )

    def test_what_robots_txt_forbids_is_said(self, held: Held) -> None:
        forbidden = next(line for line in paper.render(1, "http://x")["/robots.txt"].body.decode().splitlines()
                         if line.startswith("Disallow: /")).split(": ")[1]  # fmt: skip
        told = self.explain(held, held.newspaper.origin + forbidden.replace("*", "x"))
        assert "robots.txt forbids it" in told

    def test_a_gone_article_tells_that_it_is_looked_for_again(self, held: Held) -> None:
        told = self.explain(held, held.newspaper.origin + GONE)
        assert "state: gone: HTTP 410" in told
        assert "next: in 24 h: to see whether it comes back" in told

    def test_an_address_never_found_is_told_from_one_of_no_site(self, held: Held) -> None:
        assert "never found there" in self.explain(held, f"{held.newspaper.origin}/2031/01/01/nothing")
        done = pressmark("explain", "https://elsewhere.example/a", "--archive", held.archive)
        assert done.code == 1
        assert "no page of a site" in done.err

    def test_machines_get_json(self, held: Held) -> None:
        done = pressmark("explain", held.url, "--archive", held.archive, "--json")
        told = json.loads(done.out)
        assert told["kind"] == "article"
        assert {fetch["status"] for fetch in told["fetches"]} == {200}
        assert dump(Corpus(held.archive).read(held.stem_of(paper.CHANGED)))
