"""``pressmark.toml``: every key takes what it allows, and what it does not is named in one line."""

from pathlib import Path
from typing import Any

import pytest

from crawler.config import PROJECT_PAGE, BadConfig, Config, load_config

SITE = '[[site]]\nstart = "https://news.example/"\n'


def configured(folder: Path, text: str) -> Config:
    path = folder / "pressmark.toml"
    path.write_bytes(text.encode())
    return load_config(path)


def value(config: Config, section: str, key: str) -> Any:
    return getattr(config.site[0] if section == "site" else getattr(config, section), key)


# section, key, what is allowed, what is not
KEYS: list[tuple[str, str, list[str], list[str]]] = [
    ("archive", "title", ['"Mine"', '"x"', f'"{"x" * 200}"'], ['""', f'"{"x" * 201}"', "3", '["x"]']),
    ("archive", "base_url", ['"https://a.example/x/"', '"http://a.example"'], ['"a.example"', '"ftp://a"', '"https://a.example/?q"', '"https://a.example/#x"', '"https://a b"', r'"https://a.example\n"', "true"]),
    ("archive", "language", ['"en"', '"zh-Hant"', '"sr-Latn-RS"'], ['"Deutsch"', '"e"', '"en_GB"', '""', "1"]),
    ("archive", "page_size", ["5", "1000"], ["4", "1001", "-1", "50.5", '"50"']),
    ("crawl", "contact", ['"desk@news.example"', '"https://news.example/bot"'], ['"desk"', '"a b@c"', '""', "1"]),
    ("crawl", "delay", ["1", "1.5", "3600"], ["0.99", "0", "-2", "3601", "nan", "inf", '"2"', "true"]),
    ("crawl", "max_crawl_delay", ["1", "600.0"], ["0.5", "nan", '"1"']),
    ("crawl", "max_retry_after", ["0", "86400"], ["-1", "nan", '"1"']),
    ("crawl", "max_page_bytes", ["65536", "33554432"], ["65535", "0", "1e9", '"16 MiB"']),
    ("crawl", "timeout", ["1", "600"], ["0", "601", "nan", '"1"']),
    ("crawl", "max_pages", ["1", "1000000"], ["0", "-1", "1.5"]),
    ("crawl", "max_minutes", ["0.1", "1440"], ["0", "-1", "nan"]),
    ("crawl", "min_free_disk", ["0", "10737418240"], ["-1", '"1 GiB"', "1.5"]),
    ("site", "hosts", ["[]", '["m.news.example", "127.0.0.1:8765"]'], ['["https://m.news.example/"]', '["a b"]', '[""]', '"m"', "[1]"]),
    ("site", "include", ["[]", r"['^https://news\.example/20\d\d/']"], ["['(']", "['*']", '"x"', "[1]"]),
    ("site", "exclude", ["[]", "['/quiz/', '/live/']"], ["['/quiz/', '[']", '"x"']),
    ("site", "since", ["2020-01-01", '"2020-01-01"'], ["2020", '"last year"', '"2020-02-30"', "2020-01-01T00:00:00Z"]),
    ("site", "delay", ["1", "10.5"], ["0.5", "3601", '"1"']),
    ("site", "languages", ["[]", '["en", "yue"]'], ['["en-GB"]', '["English"]', '"en"']),
]  # fmt: skip


def case(section: str, key: str, given: str) -> str:
    return f"{SITE if section == 'site' else f'[{section}]'}\n{key} = {given}\n"


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert configured(tmp_path, '\ufeff[archive]\ntitle = "Mine"\n').archive.title == "Mine"


@pytest.mark.parametrize(
    ("section", "key", "given"), [(s, k, text) for s, k, good, _ in KEYS for text in good]
)
def test_what_is_allowed_is_taken(tmp_path: Path, section: str, key: str, given: str) -> None:
    config = configured(tmp_path, case(section, key, given))
    assert value(config, section, key) is not None
    config.sites()


@pytest.mark.parametrize(("section", "key", "given"), [(s, k, text) for s, k, _, bad in KEYS for text in bad])
def test_what_is_not_allowed_is_named(tmp_path: Path, section: str, key: str, given: str) -> None:
    with pytest.raises(BadConfig) as error:
        configured(tmp_path, case(section, key, given))
    said = str(error.value)
    assert said.startswith(str(tmp_path / "pressmark.toml"))
    assert f"{'site[0]' if section == 'site' else section}.{key}" in said
    assert "=" in said
    assert "expected" in said or "invalid" in said
    assert "\n" not in said
    assert "regex" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[site]]\nstart = 'nowhere'", "site[0].start: 'nowhere' is no address of a site"),
        (
            f"{SITE}[[site]]\nstart = 'ftp://a.example'",
            "site[1].start: 'ftp://a.example' is no address of a site",
        ),
        ("[[site]]\nstart = 3", "site[0].start = 3"),
        (
            f"{SITE}[[site]]\nstart = 'https://news.example/sport/'",
            "site[1].start = 'https://news.example/sport/': another [[site]] is https://news.example/",
        ),
        (
            "[crawl]\ncontact = 'desk'",
            "crawl.contact = 'desk': expected an https address or an e-mail address",
        ),
        (SITE + "exclude = ['a', '(']", "site[0].exclude[1] = '(': expected a regular expression"),
        (SITE + "foo = 1", "unknown key site[0].foo; allowed are start, hosts, include"),
        ("[site]\nstart = 'https://a.example'", "site = {"),
        ("crawl = 3", "crawl = 3"),
        ("[crawl]\ndelay = 2\ndelay = 3\n\n", "Cannot overwrite a value (at line 3"),
        ("= 3", "line 1"),
        ("\x00", "line 1"),
    ],
)
def test_the_place_of_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadConfig) as error:
        configured(tmp_path, text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_text_or_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'title = "\xfc"')
    for path in (tmp_path / "latin.toml", tmp_path):
        with pytest.raises(BadConfig, match=path.name):
            load_config(path)


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    config = configured(tmp_path, "")
    assert config == Config()
    assert (config.archive.title, config.archive.page_size) == ("The Archive", 50)
    assert (config.crawl.delay, config.crawl.max_pages, config.crawl.max_page_bytes) == (
        2.0,
        20_000,
        16 * 1024**2,
    )
    assert config.crawl.user_agent == f"Pressmark/0.1 (+{PROJECT_PAGE})"
    assert config.sites() == ()


def test_sites_keep_their_order(tmp_path: Path) -> None:
    text = "".join(
        f"[[site]]\nstart = '{start}'\n"
        for start in ("https://www.b.example", "a.example", "http://127.0.0.1:81")
    )
    sites = configured(tmp_path, text).sites()
    assert [(site.name, site.start) for site in sites] == [
        ("b.example", "https://www.b.example/"),
        ("a.example", "https://a.example/"),
        ("127.0.0.1-81", "http://127.0.0.1:81/"),
    ]
