"""A page is parsed once, whatever it is made of."""

import time

import pytest

from crawler.page import MAX_NESTING, MAX_TAGS_AS_THEY_ARE, flatten, parse

URL = "https://news.example/2025/11/a-story"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("<meta charset=windows-1251><p>Новости".encode("cp1251"), None, "Новости"),
        ("\ufeff<p>grün".encode(), "text/html; charset=iso-8859-1", "grün"),
        ("<meta charset=utf-8><p>grün".encode("cp1252"), "text/html; charset=windows-1252", "grün"),
        ("<p>grün – “so”".encode(), None, "grün – “so”"),
        ("<p>grün".encode("cp1252"), None, "grün"),
        ("<meta charset=latin1><p>“so”".encode("cp1252"), None, "“so”"),
        (b"<meta charset=utf-7><p>+ADw-script+AD4-", None, "+ADw-script+AD4-"),
        ("<meta charset=gb2312><p>新闻".encode("gbk"), None, "新闻"),
        ("<meta charset=shift_jis><p>新聞".encode("shift_jis"), None, "新聞"),
        ("<meta charset=hex><p>grün".encode("cp1252"), "text/html; charset=unicode_escape", "grün"),
        ("<meta charset=utf-16><p>grün".encode(), None, "grün"),
    ],
)
def test_the_encoding_is_found_in_the_order_of_browsers(
    body: bytes, content_type: str | None, text: str
) -> None:
    assert parse(body, URL, content_type=content_type).root.text().strip() == text


UTF_8 = "„Grün“ – “so” – Новости – 新聞"


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1252", "us-ascii", "iso-8859-15", "shift_jis"])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (UTF_8.encode(), UTF_8),
        (b"\xe9 " + UTF_8.encode(), f"\ufffd {UTF_8}"),
        (b"\xff " + UTF_8.encode(), f"\ufffd {UTF_8}"),
        (UTF_8.encode()[:-1], UTF_8[:-1] + "\ufffd"),
    ],
    ids=["valid", "a byte of Latin-1", "a byte of nothing", "cut"],
)
def test_what_is_utf_8_by_its_bytes_is_so_whatever_it_says(label: str, body: bytes, text: str) -> None:
    header = f"text/html; charset={label}"
    assert parse(b"<p>" + body, URL).root.text() == text
    assert parse(b"<p>" + body, URL, content_type=header).root.text() == text
    assert parse(f"<meta charset={label}><p>".encode() + body, URL).root.text() == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("koi8-r", "Новости"), ("windows-1251", "Новости"), ("iso-8859-2", "Żółw"), ("euc-kr", "신문")],
)
def test_a_label_that_its_bytes_bear_out_is_trusted(encoding: str, text: str) -> None:
    assert parse(f"<meta charset={encoding}><p>{text}".encode(encoding), URL).root.text() == text


@pytest.mark.parametrize("head", [b"", b"<meta charset=latin1>", b"<meta charset=utf-8>"])
def test_bytes_that_windows_1252_leaves_open_are_controls(head: bytes) -> None:
    page = parse(head + b"<p>a\x81\x8d\x8f\x90\x9d\xe9", URL, content_type="text/html; charset=windows-1252")
    assert page.root.text() == "a\x81\x8d\x8f\x90\x9dé"


SAID = {
    "ru": "Совет во вторник решил сохранить старый мост, и мэр заявил, что работы начнутся весной. Жители ждут решения.",
    "uk": "Рада у вівторок ухвалила рішення зберегти старий міст, і мер сказав, що роботи почнуться навесні цього року.",
    "el": "Το συμβούλιο αποφάσισε την Τρίτη να κρατήσει ανοιχτή την παλιά γέφυρα και ο δήμαρχος είπε ότι τα έργα θα αρχίσουν.",
    "ar": "قرر المجلس يوم الثلاثاء إبقاء الجسر القديم مفتوحا وقال رئيس البلدية إن العمل سيبدأ في الربيع. وينتظر السكان.",
    "he": "המועצה החליטה ביום שלישי להשאיר את הגשר הישן פתוח, וראש העיר אמר שהעבודות יתחילו באביב. התושבים מחכים.",
    "th": "สภาเมืองตัดสินใจเมื่อวันอังคารให้คงสะพานเก่าไว้ และนายกเทศมนตรีกล่าวว่างานจะเริ่มในฤดูใบไม้ผลิ ฝ่ายค้านกล่าวว่าค่าใช้จ่ายสูงเกินไป",
    "ja": "市議会は火曜日、古い橋を残すことを決めた。市長は春に工事が始まると述べた。反対派は費用が高すぎると主張している。",
    "ko": "시의회는 화요일 오래된 다리를 유지하기로 결정했으며 시장은 봄에 공사가 시작될 것이라고 말했다.",
    "zh": "市议会周二决定保留旧桥，市长表示工程将于春天开始。反对者认为费用太高，要求把钱花在学校和医院上。",
    "tw": "市議會週二決定保留舊橋，市長表示工程將於春天開始。反對者認為費用太高，要求把錢花在學校和醫院上。",
    "fr": "Le conseil a décidé mardi de garder le vieux pont ouvert, et l’élu a déclaré que les travaux débuteraient cet été.",
    "de": "Der Rat beschloss am Dienstag, die alte Brücke offen zu halten; die Bürgermeisterin sagte: „Im Frühjahr wird gebaut.“",
    "en": "The council voted on Tuesday to keep the old bridge open – “it’s ours”, said the mayor of São Tomé.",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("ru", "cp1251"), ("ru", "koi8-r"), ("uk", "cp1251"), ("uk", "koi8-u"), ("el", "cp1253"), ("el", "iso8859-7"), ("ar", "cp1256"),
        ("he", "cp1255"), ("th", "cp874"), ("ja", "cp932"), ("ja", "euc_jp"), ("ko", "cp949"), ("zh", "gb18030"),
        ("tw", "big5"), ("fr", "cp1252"), ("de", "cp1252"), ("en", "cp1252"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("times", [1, 12, 400])
def test_a_text_that_states_no_encoding_is_read_by_its_letters(
    language: str, encoding: str, times: int
) -> None:
    text = f"<title>News</title><script>var a = '>';</script><p class=text>{SAID[language]}</p>" * times
    page = parse(text.encode(encoding), URL)
    assert page.tree.css("p")[-1].text() == SAID[language]


def test_a_few_letters_are_no_sign_of_an_encoding() -> None:
    assert parse("<p>Новости".encode("cp1251"), URL).encoding == "cp1252"
    assert parse("<p>新聞".encode("cp932"), URL).encoding == "cp1252"


@pytest.mark.parametrize(
    ("script", "headlines"),
    [
        ('{"@type":"NewsArticle","headline":"A"}', ["A"]),
        ('[{"headline":"A"},{"headline":"B"}]', ["A", "B"]),
        ('{"@graph":[{"headline":"A","author":{"headline":"B"}}]}', ["A", "B"]),
        ('{"headline":"A",}', ["A"]),
        ('{"headline":"A\nB"}', ["A\nB"]),
        ('<!-- {"headline":"A"} -->', ["A"]),
        ('{"headline":"A"};{"headline":"B"}', ["A", "B"]),
        ("{&quot;headline&quot;:&quot;A&quot;}", ["A"]),
        ('{"headline":', []),
        ("[" * 100_000, []),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, []),
        ('{"headline":"A","n":' + "9" * 10_000 + "}", ["A"]),
        ("7", []),
        ("", []),
    ],
)
def test_broken_json_ld_gives_what_can_be_read(script: str, headlines: list[str]) -> None:
    page = parse(f"<script type='application/ld+json'>{script}</script><p>x".encode(), URL)
    assert [one["headline"] for one in page.json_ld if "headline" in one] == headlines


NEWS = '"@type": "NewsArticle", "headline": "A bridge", '
DATED = '"datePublished": "2025-11-01", "author": [{"@type": "Person", "name": "Jane Roe"}, {"@type": "Person", "name": "Max Moe"}]'
PUBLISHER = '"publisher": {"@type": "Organization", "name": "The Paper"}'


@pytest.mark.parametrize(
    "script",
    [
        f'{{{NEWS} "description": "The "old" bridge", {DATED}, {PUBLISHER}}}',
        f'{{{NEWS} "description": ""No", he said, "never"", {DATED}, {PUBLISHER}}}',
        f'{{{NEWS} "description": "They sell 5", 6" and 7" pipes", {DATED}, {PUBLISHER}}}',
        f'{{{NEWS} "alternateName": "It\\\'s old", {DATED}, {PUBLISHER}}}',
        f'{{{NEWS} "wordCount": 12 {DATED} {PUBLISHER}}}',
        f'{{{NEWS} "wordCount": , {DATED}, {PUBLISHER}}}',
        f'{{{NEWS} {DATED}, {PUBLISHER}, "articleBody": "The council vo',
        f'{{{NEWS} {DATED}, {PUBLISHER}, "image": {{"url": "https://',
        f'{{"@graph": [{{"@type": "WebSite", "description": "A "b" c"}}, {{{NEWS} {DATED}, {PUBLISHER}}}]}}',
        f'[{{{NEWS} "keywords": ["a "b" c", "d"], {DATED}, {PUBLISHER}}}]',
    ],
    ids=[
        "quotes", "quotes at the ends", "quotes and commas", "escape", "no commas", "no value", "cut in a text",
        "cut in an object", "graph", "list",
    ],
)  # fmt: skip
def test_of_broken_json_ld_what_is_beyond_doubt_is_read(script: str) -> None:
    page = parse(f"<script type='application/ld+json'>{script}</script><p>x".encode(), URL)
    article = next(one for one in page.json_ld if one.get("@type") == "NewsArticle")
    assert article["headline"] == "A bridge"
    assert article["datePublished"] == "2025-11-01"
    assert [author["name"] for author in article["author"]] == ["Jane Roe", "Max Moe"]
    assert article["publisher"]["name"] == "The Paper"
    assert not {"description", "articleBody"} & article.keys()
    assert article.get("alternateName", "It's old") == "It's old"


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ('{"headline":"A "big" day","datePublished":"2025-11-0', set()),
        ('{"headline":"A","datePublished":"2025-11-01","author":{"name":"Jane "JR" Roe"},', {"headline", "datePublished", "author"}),
        ('{"headline":"A" and more,"datePublished":"2025-11-01"}', set()),
        ('{"headline":"A", datePublished:"2025-11-01","author":{}', {"author"}),
        ('{"headline":"A \\u12 b","author":null,"datePublished":"B" c}', {"author"}),
    ],
)  # fmt: skip
def test_of_broken_json_ld_nothing_is_guessed(script: str, left: set[str]) -> None:
    page = parse(f"<script type='application/ld+json'>{script}</script><p>x".encode(), URL)
    assert page.json_ld[0].keys() == left
    assert page.json_ld[0].get("author") in ({}, None)


@pytest.mark.parametrize(
    "piece", ['{"a":', '{"a":"', '"', '"a"b",', "[", '["a" b",', '{"a":"b" c', ", ", "\\", '"a":1 ', '}"]']
)
@pytest.mark.parametrize("lead", ["", "{", '{"a":"', "["])
def test_broken_json_ld_takes_no_time(piece: str, lead: str) -> None:
    script = lead + piece * (1_500_000 // len(piece))
    page = parse(f"<script type='application/ld+json'>{{{script}</script><p>x".encode(), URL)
    started = time.process_time()
    assert isinstance(page.json_ld, list)
    assert time.process_time() - started < 3


def test_nesting_is_flattened_before_the_parse_and_no_text_is_lost() -> None:
    body = b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000 + b"<p>after</p>"
    started = time.process_time()
    page = parse(body, URL)
    assert time.process_time() - started < 5
    depth, node = 0, page.tree.css("div")[-1]
    while node.parent is not None:
        node, depth = node.parent, depth + 1
    assert depth <= MAX_NESTING + 8
    assert "deep" in page.root.text()
    assert "after" in page.root.text()


@pytest.mark.parametrize("stray", [b"</x>", b"<!--</div>-->", b"<script>'</div>'</script>", b"</p>", b"<br>"])
def test_stray_end_tags_hide_no_nesting(stray: bytes) -> None:
    body = (b"<div>" + stray) * MAX_TAGS_AS_THEY_ARE + b"text"
    assert flatten(body).count(b"<div>") <= MAX_NESTING


MANY = b"<ul>" + b"<li>one" * MAX_TAGS_AS_THEY_ARE + b"</ul>"


@pytest.mark.parametrize(
    "drawing",
    [
        b"<svg>" + b"<path d='M0 0'/>" * 600 + b"</svg>",
        b"<svg viewBox='0 0 1 1'/>" * 600,
        b"<svg><!-- </svg> --><desc>An icon</desc><defs><svg><title>Inner</title><path/></svg></defs>" + b"<g/>" * 600 + b"</svg>",
    ],
)  # fmt: skip
def test_drawings_go_and_their_elements_nest_nothing(drawing: bytes) -> None:
    assert (
        flatten(MANY + b"<div>" + drawing + b"<div><p>text</p></div></div>")
        == MANY + b"<div><div><p>text</p></div></div>"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<div><svg><path/><p>The story</p></div><svg><p>goes on</p></svg>",
        b"<div><svg><path/></div>The story<a>goes on</a></svg>",
        b"<script>draw('<svg>', 'The story', '</svg>')</script>",
        b"<!-- <svg> -->The story<!-- </svg> -->",
        b"<svg>The story goes on to the end",
    ],
)
def test_what_may_be_no_drawing_stays(body: bytes) -> None:
    assert flatten(MANY + body) == MANY + body


def test_an_ordinary_page_is_left_as_it_is() -> None:
    body = b"<ul>" + b"<li>one<p>two" * MAX_TAGS_AS_THEY_ARE + b"</ul><div><b>x</b></div>"
    assert flatten(body) is body


def test_what_a_page_declares() -> None:
    page = parse(
        b"""<html lang="pt-BR"><head><base href="/sub/"><link rel="canonical" href="x">
        <link rel="alternate" type="application/rss+xml" title="News" href="/rss">
        <meta property="og:title" content="A &amp;amp; B"><meta name="Author" content=" Jane  Roe ">
        <meta name="author" content="John Doe"><title> T
        U </title></head>""",
        URL,
    )
    assert page.language == "pt-BR"
    assert page.canonical == "https://news.example/sub/x"
    assert page.feeds == (("https://news.example/rss", "News"),)
    assert page.meta["og:title"] == ["A & B"]
    assert page.meta["author"] == ["Jane Roe", "John Doe"]
    assert page.title == "T U"


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"<", b"<!--", b"<html><head><script>", b"\xff\xfe", b"<a href='http://['>x</a>"]
)
def test_a_page_of_nothing_is_a_page(body: bytes) -> None:
    page = parse(body, URL)
    assert page.json_ld == []
    assert page.canonical is None
