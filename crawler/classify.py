"""What a page is: article, listing, wall or something else, judged by what it holds, with the reasons."""

import re
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote, urlsplit

from crawler.cleaner.blocks import HEADINGS, MAX_BLOCKS, WITHIN, Block
from crawler.cleaner.body import host, is_headline_link
from crawler.cleaner.declared import LISTING_TYPES, article_object, types
from crawler.cleaner.features import is_prose
from crawler.cleaner.reading import Story, story
from crawler.cleaner.rescue import rescued
from crawler.items import Kind, Link, Source
from crawler.page import Page

_PAGINATION = re.compile(
    r"(?i)/(?:page|seite|pagina|página|strona|sida|side|p)[/-]?\d{1,5}/?$|[?&](?:page|paged|p|pg|start|offset|seite|pagina)=\d{1,5}(?:&|$)|/index-?\d+(?:\.\w+)?$"
)
_LISTING_PATH = re.compile(
    r"(?i)/(?:tags?|categor(?:y|ies|ia|ie|ias|ie)|kategorie[n]?|author|authors|autor(?:en|es)?|auteur|topics?|thema|themen|temas?|sections?|rubrik|rubrique|archives?|archiv[eo]?|search|suche|recherche|buscar|label|labels|taxonomy|series|ressort|hashtag)(?:/|\.html?$|\?|$)"
)
_SERVICE_PATH = re.compile(
    r"(?i)^/(?:[a-z]{2}(?:-[a-z]{2})?/)?(?:pages?/)?(?:about|about-?us|contact|contact-?us|kontakt|impressum|imprint|privacy|privacy-?policy|datenschutz|terms|terms-?(?:of-?(?:use|service)|and-?conditions)|tos|cookies?|cookie-?policy|legal|legal-?notice|mentions-?legales|advertise|advertising|subscribe|subscription|newsletters?|login|signin|register|sitemap|faq|help|support|jobs|careers|search|404|donate|masthead|team|staff|accessibility|rss|feeds?|ueber-?uns|a-?propos|acerca-?de|sobre|sobre-?nosotros|quienes-?somos|chi-?siamo|over-?ons|om-?os|om-?oss|o-?nas|o-?nama|hakkimizda|tentang-?kami|colofon|aviso-?legal|kolofon)(?:\.\w{2,5})?/?$"
)
_SERVICE_TITLE = re.compile(
    r"(?i)^(?:about(?: us)?|contact(?: us)?|privacy(?: (?:policy|notice))?|terms(?: of (?:use|service)| (?:and|&) conditions)?|cookie(?:s| policy)|imprint|legal notice|advertise with us|archives?|tags?|categories|authors?|search(?: results)?|sitemap|log ?in|sign in|subscribe|newsletters?|impressum|datenschutz(?:erklärung)?|kontakt|über uns|archiv|schlagwörter|kategorien|à propos|mentions légales|contactez-nous|politique de confidentialité|archives|étiquettes|catégories|acerca de|sobre nosotros|quiénes somos|contacto|política de privacidad|aviso legal|archivo|etiquetas|categorías|sobre|contato|arquivo|chi siamo|contatti|archivio|over ons|om oss|om os|o nas|о нас|контакты|архив|теги|关于|關於|关于我们|联系我们|归档|标签|分类|アーカイブ|タグ|お問い合わせ|프라이버시|회사소개|من نحن|اتصل بنا)$"
)
_SOFT_404 = re.compile(
    r"(?i)(?:^|\W)404(?:\W|$)|(?:page|article|story|content|file)\s+(?:can(?:no|['’])t be found|(?:was |is |could |can)?\s*not (?:be )?found|(?:is )?no longer available|does ?n[o']t exist|unavailable)|^not found$|^page (?:gone|missing|removed)|seite (?:wurde )?nicht gefunden|nicht gefunden$|page (?:introuvable|non trouvée)|introuvable$|página (?:no encontrada|não encontrada)|no encontrad[ao]$|pagina (?:non trovata|niet gevonden|nu a fost găsită)|sidan (?:hittades inte|kunde inte hittas)|siden (?:blev ikke fundet|finnes ikke|ble ikke funnet)|sivua ei löyt|nie znaleziono|strony nie znaleziono|stránka nenalezena|nenalezen[oa]|страница не найдена|не найден[ао]?$|сторінку не знайдено|sayfa bulunamadı|halaman tidak ditemukan|不存在|页面未找到|找不到(?:页面|頁面)|ページが見つかりません|見つかりませんでした|페이지를 찾을 수|الصفحة غير موجودة|لم يتم العثور|הדף לא נמצא|page gone|oops"
)
_WALLS = (
    ("bot challenge", re.compile(r"(?i)checking your browser|verify(?:ing)? (?:that )?you(?:'re| are)? (?:a |not a )?(?:human|robot|bot)|are you a (?:human|robot)|i(?:'|’)m not a robot|captcha|attention required|just a moment|access (?:to this page has been )?denied|unusual (?:traffic|activity)|ddos protection|cloudflare|pardon our interruption|request (?:unsuccessful|blocked)|security check|datadome|perimeterx|bitte bestätigen sie, dass sie|проверка браузера")),
    ("JavaScript only", re.compile(r"(?i)(?:enable|turn on|activate|requires?|need|without|aktivieren sie|activer?|active|habilit\w+|включите|schakel|attiva\w*|aktivera|aktiver)\s.{0,30}javascript|javascript\s.{0,40}(?:disabled|required|enable|aktivier|erforderlich|désactivé|deshabilitad|включ|отключ|有効|启用|啟用)")),
    ("consent", re.compile(r"(?i)cookie|consent|your privacy|we (?:and our partners|value your)|einwilligung|zustimm|datenschutz|weiter mit werbung|consentement|accepter et continuer|consentimiento|aceptar|consenso|toestemming|samtycke|samtykke|souhlas|zgod[aęy]|согласи")),
    ("paywall", re.compile(r"(?i)subscri(?:be|ption|bers?)|sign in to (?:read|continue)|log in to (?:read|continue)|register to (?:read|continue)|already a (?:subscriber|member)|premium|members only|abonn|abo\b|jetzt testen|suscr[ií]b|assine|assinante|abbona|prenumer|predplat|předplat|подписк|оформите подписку|会员|订阅|訂閱|会員|購読|구독")),
)  # fmt: skip
# What a reader is asked at a paywall, and nowhere else.
_WALL_WORDS = re.compile(
    r"(?i)(?:subscribe|sign (?:in|up)|log in|register|become a (?:member|subscriber)|subscription).{0,60}\b(?:continue|keep|finish|full|rest|unlock|to read)\b"
    r"|(?:continue|keep) reading (?:this|with|the (?:full|rest))|(?:for|to|by) (?:paying |premium )?(?:subscribers|members) only|(?:subscriber|member)s?[- ](?:only|exclusive)|exclusive (?:to|for) (?:our )?(?:subscribers|members)|already (?:a |have a )?(?:subscriber|subscribed|subscription|member)|unlock (?:this|the (?:full )?)(?:article|story)"
    r"|(?:artikel|text|beitrag) (?:jetzt )?weiterlesen|weiterlesen mit|jetzt weiterlesen|nur für (?:abonnent|mitglieder)|exklusiv für (?:abonnent|unsere)|(?:sie haben|bereits|schon) (?:ein )?abo(?:nnent|\b)|um (?:diesen|den) (?:artikel|text).{0,40}(?:lesen|abo)"
    r"|réservée? aux abonnés|pour lire la suite|lire la suite de|il vous reste .{0,20}de cet article|déjà abonné|(?:contenido|artículo|noticia) (?:exclusiv[oa] )?(?:solo |exclusiv[oa] )?para (?:suscriptores|socios)|para (?:seguir|continuar) leyendo|ya (?:eres|soy) suscriptor|exclusivo para assinantes|para continuar lendo|já é assinante"
    r"|riservato agli abbonati|per continuare a leggere|sei già abbonato|(?:alleen|exclusief) voor (?:abonnees|leden)|verder lezen\?|al abonnee|(?:för|for) (?:prenumeranter|abonnenter)|läs vidare|dla (?:prenumeratorów|subskrybentów)|jen pro předplatitele|только (?:для подписчиков|по подписке)|会员专享|有料会員|会員限定|この記事は会員|구독자 전용"
)
FAR_WALL = 8
"""Blocks: as far below what stands before it."""
_WALL_NAMES = frozenset({"paywall", "regwall", "piano", "subscri"})
_DATE_PATH = re.compile(r"/(?:19|20)\d\d[/-]\d\d?(?:[/-]\d\d?)?(?:/|-|_|$)")
_ARCHIVE_PATH = re.compile(r"^/(?:[^/]+/){0,2}(?:19|20)\d\d(?:/\d\d?){0,2}/?(?:index\.html?)?$")

MIN_BODY_CHARS = 140
TEASER_CHARS = 600
"""The most that stands before the wall of an article whose rest is not sent."""
WALL_CHARS = 900


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a page is, and why."""

    kind: Kind
    reasons: tuple[str, ...]
    """For a person to read, the strongest first."""


@dataclass(slots=True)
class _Case:
    """What speaks for an article, and for a listing, so far."""

    article: list[tuple[float, str]]
    listing: list[tuple[float, str]]

    def total(self) -> float:
        return sum(points for points, _ in self.article) - sum(points for points, _ in self.listing)


def classify(page: Page, link: Link | None = None) -> Verdict:
    """Return what *page* is; *link* is what led to it."""
    key = ("verdict", link)
    known = page.kept.get(key)
    if not isinstance(known, Verdict):
        known = page.kept[key] = _classify(page, link)
    return known


def _classify(page: Page, link: Link | None) -> Verdict:
    one = story(page, link)
    if one.found.cut_short:
        return Verdict(Kind.OTHER, (f"more than {MAX_BLOCKS:,} blocks of text",))
    body_chars = one.body.chars
    title = one.title
    if _SOFT_404.search(title) and body_chars < 1_500 and len(title) < 80:
        return Verdict(Kind.OTHER, (f"says “{title[:80]}” under status 200",))
    if body_chars < 2 * MIN_BODY_CHARS and (gone := _says_gone(one)):
        return Verdict(Kind.OTHER, (f"says “{gone[:80]}” under status 200",))
    wall = _wall(page, one)
    if wall is not None:
        return wall
    path = unquote(urlsplit(page.url).path) or "/"
    if _SERVICE_PATH.match(path):
        return Verdict(Kind.OTHER, (f"a page of service by its address: {path[:80]}",))
    if _SERVICE_TITLE.match(title) and len(title.split()) < 5:
        return Verdict(Kind.OTHER, (f"a page of service by its title: {title}",))
    case = _Case([], [])
    _judge_address(page, path, link, case)
    _judge_declared(page, case)
    teasers = _judge_holdings(page, one, case)
    saved = rescued(page, title, one.body)
    text = saved.chars if saved is not None else body_chars
    if text < MIN_BODY_CHARS:
        points = case.total()
        if teasers >= (2 if case.listing else 4):
            return Verdict(
                Kind.LISTING, (f"{teasers} headlines that link elsewhere and {text} characters of text",)
            )
        if points < 3 or text < 1:
            return Verdict(Kind.OTHER, (f"only {text} characters of text",))
    if case.total() > 0:
        return Verdict(Kind.ARTICLE, _reasons(case.article))
    if case.listing and (teasers >= 3 or path == "/" or max(points for points, _ in case.listing) >= 3):
        return Verdict(Kind.LISTING, _reasons(case.listing))
    return Verdict(Kind.OTHER, (*_reasons(case.listing), "nothing says that it is an article"))


def _says_gone(one: Story) -> str | None:
    """Return the first heading of the page that says that there is no such page."""
    heads = (block for block in one.found.blocks if block.role in {"h1", "h2"} and not block.hidden)
    return next((b.text for b in islice(heads, 3) if len(b.text) < 80 and _SOFT_404.search(b.text)), None)


def _reasons(weighed: list[tuple[float, str]]) -> tuple[str, ...]:
    return tuple(reason for _, reason in sorted(weighed, key=lambda one: -one[0]))


def _wall(page: Page, one: Story) -> Verdict | None:
    found = one.found
    shown = [block for block in found.blocks if not block.hidden and block.role != "img"]
    chars = sum(block.chars for block in shown)
    teaser = _teaser(page, one)
    if teaser is not None:
        return teaser
    if chars > WALL_CHARS and one.body.chars > 600:
        return None
    saved = rescued(page, one.title, one.body)
    if saved is not None and saved.chars > WALL_CHARS:
        return None
    text = " ".join(block.text for block in shown[:60])[:4_000]
    noscript = ""
    if chars < 200:
        noscript = " ".join(node.text(deep=True)[:500] for node in page.tree.css("noscript")[:5])
    title = page.title or ""
    for name, pattern in _WALLS:
        where = f"{title} {text} {noscript}" if name in {"JavaScript only", "bot challenge"} else text
        found_words = pattern.search(where)
        if not found_words:
            continue
        limit = {"consent": 250, "paywall": 200, "JavaScript only": 250, "bot challenge": 300}[name]
        about = sum(block.chars for block in one.body.kept if not pattern.search(block.text))
        if about < limit and (name in {"JavaScript only", "bot challenge"} or chars < 6_000):
            if name in {"consent", "paywall"} and _leads_on(page, one):
                continue
            if name == "consent" and len(pattern.findall(text)) < 2:
                continue
            return Verdict(
                Kind.WALL, (f"{name}: “{found_words[0][:80]}”, and {about} characters of other text",)
            )
    return None


def _teaser(page: Page, one: Story) -> Verdict | None:
    """Return the verdict on an article that ends soon where it says that the rest is not free.

    Two of three have to say so: its declaration, the name of a box, and the words there.
    """
    if one.body.chars > TEASER_CHARS or not one.body.kept:
        return None
    blocks, last = one.found.blocks, one.body.kept[-1].index
    article = article_object(page)
    free = str(article.get("isAccessibleForFree", "")).lower() if article is not None else ""
    if free.endswith("true"):
        return None
    names = (
        f"a box named “{box.junk}”"
        for box in one.found.boxes
        if box.junk in _WALL_NAMES and box.end > max(box.first, last)
    )
    words = (
        f"“{found[0][:80]}”"
        for block in (*one.body.kept[-2:], *blocks[last + 1 : last + 1 + FAR_WALL])
        if not block.hidden and (found := _WALL_WORDS.search(block.text))
    )
    said = [
        one
        for one in (
            "declared not free" if free.endswith("false") else None,
            next(names, None),
            next(words, None),
        )
        if one
    ]
    if len(said) < 2:
        return None
    return Verdict(Kind.WALL, (f"paywall: {' and '.join(said)}, after {one.body.chars} characters",))


def _judge_address(page: Page, path: str, link: Link | None, case: _Case) -> None:
    if path in {"/", "/index.html", "/index.php", "/home"} and not urlsplit(page.url).query:
        case.listing.append((6, "the home page"))
    elif re.fullmatch(r"/[a-z]{2}(?:-[a-zA-Z]{2})?/?(?:index\.html?)?", path):
        case.listing.append((4, "the home page of a language"))
    if _PAGINATION.search(page.url):
        case.listing.append((3, "an address of pagination"))
    if _LISTING_PATH.search(path):
        case.listing.append((2.5, f"an address of listings: {path[:80]}"))
    if _ARCHIVE_PATH.match(path):
        case.listing.append((3, "an address of a day, month or year"))
    last = path.rstrip("/").rsplit("/", 1)[-1]
    words = [word for word in re.split(r"[-_.\s]+", last) if len(word) > 1]
    if len(words) >= 4 or (len(words) >= 3 and not last.isascii()):
        case.article.append((1, "a headline's words in the address"))
    if _DATE_PATH.search(path) and not _ARCHIVE_PATH.match(path):
        case.article.append((1.5, "a date in the address"))
    if re.search(r"\d{5,}", last):
        case.article.append((0.5, "a number in the address"))
    if link is not None and link.source in {Source.FEED, Source.NEWS_SITEMAP}:
        case.article.append((3, f"found in a {link.source}"))
    elif link is not None and (link.published or link.source is Source.RELATED):
        case.article.append((0.5, f"found as {link.source} link"))


def _judge_declared(page: Page, case: _Case) -> None:
    article = article_object(page)
    names = {name for one in page.json_ld[:60] for name in types(one)}
    articles = sum(any(n.endswith(("Article", "BlogPosting")) for n in types(one)) for one in page.json_ld)
    if article is not None and articles <= 3:
        points = 2.0 if article.get("headline") or article.get("datePublished") else 1.0
        case.article.append((points, f"JSON-LD says {'/'.join(types(article))}"))
    if names & LISTING_TYPES and article is None:
        case.listing.append((1.5, f"JSON-LD says {'/'.join(sorted(names & LISTING_TYPES))}"))
    kind = (page.first_meta("og:type") or "").lower()
    if kind in {"article", "news", "newsarticle", "blogposting", "og:article"}:
        case.article.append((1.5, f"og:type is {kind}"))
    if page.first_meta(
        "article:published_time", "datepublished", "parsely-pub-date", "citation_publication_date"
    ):
        case.article.append((1, "a publication time in its head"))


def _judge_holdings(page: Page, one: Story, case: _Case) -> int:
    """Weigh what the page holds; return how many headlines on it link to other pages of the site."""
    body = one.body
    teasers, teaser_chars = _headline_links(page, one)
    prose = [block for block in body.kept if is_prose(block)]
    chars = sum(block.chars for block in prose)
    if body.headline is not None and body.headline.link_share < 0.5 and body.headline.role in {"h1", "h2"}:
        case.article.append((1.5, "prints its title as a heading"))
    if chars >= 1_500:
        case.article.append((2.5, f"{chars} characters of running text"))
    elif chars >= 500:
        case.article.append((1.5, f"{chars} characters of running text"))
    elif chars >= 150:
        case.article.append((0.5, f"{chars} characters of running text"))
    units = _teaser_units(page, one)
    if units >= 2:
        covered = _teaser_text(one, units)
        case.listing.append(
            (
                min(4.0, 0.75 * units + 1),
                f"{units} headlines in its main part lead to other pages of the site{covered}",
            )
        )
    if teasers >= 6 and teaser_chars > chars:
        case.listing.append(
            (2.0, f"{teasers} headlines that link elsewhere outweigh {chars} characters of running text")
        )
    foreign, own = _list_hosts(page, one)
    if foreign >= 8 and foreign > 2 * own:
        case.article.append((2.0, f"{foreign} links to other sites in its text"))
    return max(teasers, units)


def _teaser_text(one: Story, units: int) -> str:
    chars = sum(block.chars for block in one.body.kept if is_prose(block))
    return f", {chars // max(1, units)} characters of text to each"


def _headline_links(page: Page, one: Story) -> tuple[int, int]:
    """Return how many headlines on the page link to other pages of the site, and their characters."""
    site, own = host(page.url), _bare(page.url)
    seen: dict[str, int] = {}
    related = [
        head.index for head in one.body.related_heads if one.body.kept and head.index > one.body.kept[0].index
    ]
    for block in one.found.blocks[: min(related, default=None)]:
        if (
            not block.hidden
            and block.role != "img"
            and block.links
            and block.links[0][0] not in seen
            and not block.box.within & WITHIN["footer"]
            and is_headline_link(block, site)
            and _bare(block.links[0][0]) != own
        ):
            seen[block.links[0][0]] = block.chars
    return len(seen), sum(seen.values())


def _leads_on(page: Page, one: Story) -> bool:
    """Whether the page is rather a list of headlines than what stands before one article."""
    headlines, _ = _headline_links(page, one)
    declared = article_object(page) is not None
    return headlines > 8 or (not declared and headlines >= 3) or (not declared and _own_links(page, one) > 15)


def _own_links(page: Page, one: Story) -> int:
    """Return how many other pages of the site the page links to, of whatever length the link."""
    site = host(page.url)
    return len({a for b in one.found.blocks if not b.hidden for a, _ in b.links if a and host(a) == site})


def _teaser_units(page: Page, one: Story) -> int:
    """Return how many headings within the region of the story are links to other pages of the site."""
    site, own = host(page.url), _bare(page.url)
    region = one.body.region
    if not one.body.kept:
        return 0
    last = one.body.kept[-1].index
    first = one.body.kept[0].index
    addresses: set[str] = set()
    for block in one.found.blocks[region.first : region.end]:
        if block.hidden or not first - 6 <= block.index <= last:
            continue
        if (block.role in HEADINGS or block.box.tag == "header") and _links_on(block, site, own):
            addresses.add(block.links[0][0])
    return len(addresses)


def _bare(address: str) -> str:
    return address.partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/").lower()


def _links_on(block: Block, site: str, own: str) -> bool:
    if block.link_share < 0.7 or not block.links:
        return False
    address = block.links[0][0]
    return bool(address) and host(address) == site and _bare(address) != own


def _list_hosts(page: Page, one: Story) -> tuple[int, int]:
    page_host = host(page.url)
    foreign = own = 0
    for block in one.body.kept:
        for address, _ in block.links:
            if address:
                if host(address) == page_host:
                    own += 1
                else:
                    foreign += 1
    return foreign, own
