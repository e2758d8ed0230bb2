"""Notices: boilerplate that states a fact about the article, known by its label and dropped from the story."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.cleaner.blocks import Block
from crawler.cleaner.words import any_case, by_first_letter

MAX_LABEL_CHARS = 60
# A label goes as far as a mark, and there is nothing in it that parts one phrase from another.
_MARKED = re.compile(rf"\W*+[^,;!?\"“”:：.–—-]{{0,{MAX_LABEL_CHARS}}}+\s*+[:：.–—-]")
# In small letters: to ignore case, each of the words is tried where the first letter could rule it out.
# What a label says the notice is: "… Disclaimer:", "Note to readers:", "Hinweis:", in several languages.
_LABEL = re.compile(
    r"""(?x)^\W*(?P<label>(?:[\w.'’&/()-]++\s++){0,4}?(?:disclaimers?|disclosures?|transparency\ (?:note|notice)|notice|note\ to\ (?:our\ )?readers?|readers?['’]?\ note|editor(?:s|'s|’s|s'|ial)?\ note|author's\ note
    |hinweis(?:\ (?:der\ redaktion|an\ (?:die|unsere)\ leser|für\ leser))?|anmerkung\ der\ redaktion|haftungsausschluss|transparenzhinweis|in\ eigener\ sache|offenlegung
    |avertissement|note\ (?:de\ la\ rédaction|aux\ lecteurs|au\ lecteur)|clause\ de\ non-responsabilité|mention\ légale
    |aviso(?:\ (?:legal|a\ los\ lectores))?|nota\ (?:del\ editor|de\ la\ redacción|a\ los\ lectores|da\ redação|do\ editor|aos\ leitores|della\ redazione|ai\ lettori)|descargo\ de\ responsabilidad|isenção\ de\ responsabilidade|avvertenza|dichiarazione\ di\ trasparenza
    |disclaimer\ van|noot\ van\ de\ redactie|opmerking\ van\ de\ redactie|redaktionens\ anmärkning|zastrzeżenie|nota\ redakcyjna|od\ redakcji|poznámka\ redakce|upozornění
    |примечание\ (?:редакции|редактора)|от\ редакции|отказ\ от\ ответственности|дисклеймер|застереження|від\ редакції|σημείωση\ (?:του\ συντάκτη|σύνταξης)|αποποίηση\ ευθύνης
    |editörün\ notu|sorumluluk\ reddi|feragatname|catatan\ redaksi|penafian|penyangkalan|lưu\ ý|miễn\ trừ\ trách\ nhiệm
    |إخلاء\ (?:ال)?مسؤولية|تنويه|ملاحظة\ (?:المحرر|للقراء|من\ المحرر)|سلب\ مسئولیت|הבהרה|הערת\ (?:ה)?מערכת|גילוי\ נאות|अस्वीकरण|संपादक\ की\ टिप्पणी|ডিসক্লেইমার
    |免责声明|免責聲明|声明|聲明|编者按|編者按|编者注|免責事項|編集部注|お断り|注意書き|면책\ ?조항|편집자\ ?주|알림))\s*[:：.–—-]""",
)
_ALONE = "disclaimer|disclosure|haftungsausschluss|avertissement|免责声明|免責聲明"
_LABEL_ALONE = re.compile(
    rf"(?i)^\W*(?:[\w.'’/-]++\s++){{0,3}}(?:{by_first_letter(_ALONE.split('|'), any_case)})\W*$"
)

# In capitals: "ai" is a word of Italian and French, "ki" of Turkish and Hungarian.
_AI = (
    r"(?-i:\bAI\b|\bA\.I\.|\bKI\b|\bIA\b|\bИИ\b|\bШІ\b|\bYZ\b)|artificial\ intelligence|künstlich\w*\ intelligenz|intelligence\ artificielle|inteligencia\ artificial|inteligência\ artificial"
    r"|intelligenza\ artificiale|kunstmatige\ intelligentie|artificiell\ intelligens|kunstig\ intelligens|tekoäly|sztuczn\w+\ inteligencj\w+|uměl\w+\ inteligenc\w+|mesterséges\ intelligencia|inteligenț\w+\ artificial\w+|искусственн\w+\ интеллект\w*|штучн\w+\ інтелект\w*"
    r"|τεχνητή\w*\ νοημοσύνη\w*|yapay\ zek[aâ]\w*|kecerdasan\ buatan|trí\ tuệ\ nhân\ tạo|ذكاء\ (?:ال)?اصطناعي|الذكاء\ الاصطناعي|هوش\ مصنوعی|בינה\ מלאכותית|कृत्रिम\ बुद्धि\w*|人工智能|人工智慧|人工知能|生成AI|인공지능|language\ model|chatgpt|large\ language|automat(?:ed|ically)\ generated"
)
_MADE = (
    r"generat|written|creat|produc|author|compos|draft|summar|erstellt|verfasst|generiert|geschrieben|erzeugt|zusammengefasst|rédig|génér|écrit|créé|produit|escrit|redact|crea(?:d|t)|produz|produc|gerad|scritt|genera|realizz|geschreven|gegenereerd|gemaakt|skriven|skapad|skrevet|laget"
    r"|kirjoit|luotu|napisan|wygenerowan|stworzon|vytvořen|napsán|készít|írt|generált|scris|создан|написан|сгенерир|подготовлен|створен|згенеров|γράφ|δημιουργ|oluşturul|yazıl|üretil|dibuat|ditulis|tạo|viết|إنشاء|كتاب|إعداد|توليد|تولید|نوشته|נכתב|נוצר|生成|撰写|撰寫|創作|作成|執筆|작성|생성"
)
# A fact is said of the text itself, or is all that is said: "a bill sponsored by" and "in a press release" are the story's.
_OPENING = r"(?:^|[:：])\W*"
_THIS = r"\b(?:article|story|post|page|piece|content|artikel\w*|beitr[aä]g\w*|text\w*|inhalt\w*|bericht\w*|inhoud|innehåll\w*|inlägg\w*)\b.{0,80}\b"
_RELEASE = (
    r"(?:press release|pressemitteilung|communiqué de presse|nota de prensa|comunicato stampa|пресс-релиз)"
)
_FACTS = (
    ("ai-generated", re.compile(rf"(?i)(?:{_AI}).{{0,200}}?(?:{_MADE})|(?:{_MADE}).{{0,120}}?(?:{_AI})".replace(r"\ ", " "))),
    ("machine-translated", re.compile(r"(?i)machine[- ]translat|translated (?:automatically|by (?:a )?machine|by (?:AI|an? (?:AI|artificial))|with (?:the help of )?AI)|automatic(?:ally)? translat|automatisch übersetzt|maschinell übersetzt|maschinelle übersetzung|traduit automatiquement|traduction automatique|traducid[oa] automáticamente|traducción automática|traduzid[oa] automaticamente|tradução automática|tradott[oa] automaticamente|traduzione automatica|automatisch vertaald|maskinöversatt|maskinoversat|przetłumaczon\w+ (?:automatycznie|maszynowo)|машинн\w+ перевод|переведен\w* автоматически|makine çevirisi|ترجمة آلية|机器翻译|機器翻譯|機械翻訳|自動翻訳|기계 ?번역|자동 ?번역")),
    ("sponsored", re.compile(
        rf"(?i)\bsponsored (?:content|post|article|message)|(?:{_OPENING}|{_THIS})(?:sponsored|paid for) by|paid (?:content|post|partner|promotion)|advertorial|branded content|partner content|promotional content"
        rf"|bezahlter inhalt|gesponserte[rnms]? (?:inhalt|beitr[aä]g|artikel|text)|{_THIS}gesponsert|{_OPENING}anzeige\s*(?:[:：.|–—-]|$)|bezahlte anzeige|{_THIS}ist eine anzeige"
        r"|contenu sponsorisé|publi-?(?:reportage|rédactionnel)|contenido patrocinado|publirreportaje|conteúdo patrocinado|contenuto sponsorizzato"
        rf"|gesponsorde? (?:inhoud|content|artikel|bericht)|{_THIS}gesponsord|sponsra[dt]e? (?:innehåll|artikel|inlägg)|{_THIS}sponsra[dt]"
        r"|на правах рекламы|赞助内容|广告文章|タイアップ(?:広告|記事|企画)|광고성 ?(?:기사|콘텐츠|게시물|글)")),
    ("affiliate-links", re.compile(
        r"(?i)affiliate[- ](?:links?|program|marketing|partner|commission|disclosure|disclaimer|advertis|network|relationship)|amazon (?:affiliate|associate)"
        r"|\b(?:earn|receive|get|make|paid)s?\b.{0,40}\bcommissions?\b|commission (?:if|when) you\b|commission (?:on|from) (?:\w+ ){0,3}(?:sales|purchases|links|products|items)"
        r"|(?:erhalten|erhält|bekommen|bekommt|verdienen|verdient)\b.{0,60}\bprovision|\bprovision(?:en)?\b.{0,60}\b(?:erhalten|erhält|bekommen|bekommt|verdienen|verdient)\b"
        r"|liens? affiliés?|enlaces de afiliad")),
    ("corrected", re.compile(
        rf"(?i){_OPENING}correction\b|has been corrected|was corrected|earlier version of this|{_THIS}korrigiert|in einer früheren version|a été corrigé|ha sido corregid|è stato corretto"
        r"|(?:текст|стать|материал|ошибк|неточност)\w*.{0,40}исправлен|исправлен\w* (?:ошибк|неточност)")),
    ("press-release", re.compile(
        rf"(?i)(?:{_OPENING}|\b(?:is|was|from|on|following|ist|auf|est|sur|es|en|è|su|это) (?:\w+\W+){{0,2}})(?:une? |d'un )?{_RELEASE}")),
)  # fmt: skip


# "This article", "dieser Beitrag", "cette traduction" …: the text speaks of itself.
_ITSELF = re.compile(
    r"(?i)\b(?:this|dies\w*|cet(?:te)?|est[ea]|quest[oa]|dit|deze|den(?:na|ne)|dette|det här|ten|ta|tento|tato|этот|эта|этой|цей|ця|bu)\b\W+(?:\w+\W+){0,3}?"
    r"(?:article|story|post|page|text|translation|content|artikel\w*|beitrag\w*|übersetzung|meldung|traduction|texte|artículo|nota|texto|traducción|artigo|tradução|articolo|testo|traduzione|bericht|vertaling|tekst"
    r"|översättning|oversettelse|oversættelse|artykuł|tłumaczenie|článek|překlad|стать[яи]|текст|перевод\w*|стаття|переклад|makale|haber|çeviri)\b"
    r"|本文|这篇文章|此文|本記事|この記事|이 기사|본 기사|هذا المقال|هذه المقالة"
)
_SENTENCES = re.compile(r"(?<=[.!?。])\s*(?=\S)")
MAX_STATEMENT_CHARS = 400
EDGE_BLOCKS = 6
"""From either end of the story: as far in it speaks of itself."""


UNMISTAKABLE = frozenset({"ai-generated", "machine-translated", "affiliate-links"})
"""Facts that a line states even without a label."""
OF_THE_STORY = frozenset({"notice", "corrected"})
"""Facts of one article alone; the others are what a site puts on many."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A notice found on the page, with its block."""

    fact: str
    """What it states, e.g. ``ai-generated``; ``notice`` when it states none of the facts we know."""
    text: str
    block: Block


def is_notice(text: str) -> bool:
    """Whether *text* opens with the label of a notice."""
    return bool(_MARKED.match(text) and _is_labelled(text[:160])) or bool(
        len(text) <= MAX_LABEL_CHARS and _LABEL_ALONE.match(text)
    )


def _is_labelled(opening: str) -> bool:
    found = _LABEL.match(_lowered(opening))
    return found is not None and len(found["label"]) <= MAX_LABEL_CHARS


def _lowered(text: str) -> str:
    """Return *text* in small letters, each for one of its own."""
    return text.replace("İ", "i").lower()


def facts_in(text: str) -> tuple[str, ...]:
    """Return the facts that the notice *text* states."""
    found = tuple(name for name, pattern in _FACTS if pattern.search(text[:3_000]))
    return found or ("notice",)


def said_of_itself(story: Sequence[Block]) -> list[str]:
    """Return the unmistakable facts that the blocks at the ends of *story* state of this very text."""
    edges = dict.fromkeys((*story[:EDGE_BLOCKS], *story[-EDGE_BLOCKS:]))
    return [
        fact
        for block in edges
        if block.chars <= MAX_STATEMENT_CHARS
        for sentence in _SENTENCES.split(block.text)
        if (itself := _ITSELF.search(sentence))
        for fact in facts_in(sentence[itself.start() :])
        if fact in UNMISTAKABLE
    ]


def find(blocks: list[Block]) -> list[Labelled]:
    """Return the notices among *blocks*, in page order; a label on a line of its own takes the block after it."""
    notices: list[Labelled] = []
    seen: set[str] = set()
    taken = -1
    for at, block in enumerate(blocks):
        if block.index <= taken or block.hidden or not block.text or block.role in {"td", "th", "pre", "img"}:
            continue
        if block.link_share > 0.7 or block.text in seen or not is_notice(block.text):
            continue
        seen.add(block.text)
        text = block.text
        if len(text) <= 60 and at + 1 < len(blocks) and not _has_body(text):
            text = f"{text} {blocks[at + 1].text}".strip()
            following = blocks[at + 1]
            taken = following.index
            notices.append(Labelled("", "", following))
        notices += [Labelled(fact, text, block) for fact in facts_in(text)]
    return notices


def _has_body(text: str) -> bool:
    return len(re.split(r"[:：]", text, maxsplit=1)[-1].strip()) > 15
