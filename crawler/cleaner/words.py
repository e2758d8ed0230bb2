"""The words that tell the parts of a page apart: labels in many languages, names authors give to markup."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from crawler.cleaner.text import fold

# Words in class and id that publishers of every kind give to what is not the article. A hyphen stands for one of
# ``-``, ``_`` or nothing; a leading or trailing ``.`` for the edge of a word.
_JUNK = """
comment disqus .respond. replies related recommend recirc read-more more-on more-from more-news more-stories more-articles more-posts
more-links more-like also-read also-like see-also you-may next-article next-post next-story next-up prev-article prev-post
previous-article previous-post post-nav nav-links nav-below nav-above sidebar .rail. right-rail newsletter subscri sign-up signin log-in. paywall
piano regwall donat membership share sharing social follow-us addtoany .follow. .ad. .ads. advert adsense ad-slot ad-unit ad-container
ad-wrapper ad-label ad-block ad-box ad-banner ad-space ad-zone banner sponsor outbrain taboola revcontent affiliate commercial .dfp gpt-ad promo teaser cross-sell upsell
cookie consent gdpr privacy-notice privacy-banner onetrust didomi breadcrumb pagination .pager. page-nav .menu. navbar navigation
masthead toolbar skip-link .toc. table-of-contents footer copyright .widget. popup modal overlay lightbox tooltip dropdown
off-canvas popular trending most-read most-viewed most-shared top-stories .latest ticker carousel slider swiper by-line. author-bio author-box author-info
author-card author-desc author-profile author-about author-block author-details author-meta author-name author-section about-author
about-the-author .bio. contributor post-meta post-author post-date post-info post-tags post-footer entry-meta entry-footer entry-tags
article-meta article-tags article-info article-footer article-tools article-date article-actions tag-list tag-cloud tag-links .tags. keywords
cat-links topic-list topics-list topic-links topic-tags timestamp dateline pub-date published print-only print-hidden print-button audio-player video-player
.player. playlist speech listen .tts caption-credit credit. screen-reader sr-only visually-hidden feedback rating .vote
.poll. .quiz survey call-to-action .cta. app-promo app-download app-banner disclaimer disclosure no-print donot-print
"""
# Names that hold one of those words and are no judgement of their content.
_INNOCENT_NAMES = re.compile(
    r"(?:has|no|with|without|is|not|hide|show|enabled?|disabled?|single|page|layout|template|elementor)-(?:[a-z]+-)?"
    r"(?:sidebar|comments?|share|sharing|social|ads?|banner|newsletter|popup|slider|navbar|related|footer|menu|tags?|toc|widget)\w*"
    r"|commentary|share-?holder|subscriber-?content|published-content|modal-open|(?:sidebar|footer|comment|promo)[a-z_-]*(?:grid|layout|page)"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _junk_pattern() -> re.Pattern[str]:
    branches = []
    for word in _JUNK.split():
        body = re.escape(word.strip(".")).replace(r"\-", "[-_]?")
        edge = r"(?<![a-z0-9].)" if word.startswith(".") else ""
        branches.append(body[0] + edge + body[1:] + (r"(?![a-z0-9])" if word.endswith(".") else ""))
    return re.compile(by_first_letter(branches))


def by_first_letter(branches: Iterable[str], letters: Callable[[str], str] = str) -> str:
    """Return a pattern of *branches*, each opening with a plain letter, which rules out all those of a letter at once.

    *letters* returns the pattern of a letter.
    """
    rests: dict[str, list[str]] = {}
    for one in branches:
        start = 2 if one.startswith("\\") else 1
        rests.setdefault(one[:start], []).append(one[start:])
    return "|".join(
        letters(letter) + (f"(?:{'|'.join(those)})" if len(those) > 1 or "|" in those[0] else those[0])
        for letter, those in rests.items()
    )


# Letters that a pattern which ignores case takes for others than their own capitals or small letters.
_ODD_LETTERS = "İıſ\u212a\u212b\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86"


def any_case(letter: str) -> str:
    """Return a pattern of *letter* in any case that does not ignore case: a branch behind it is ruled out by a look, not a try."""
    odd = (one for one in _ODD_LETTERS if one.upper().lower().startswith(letter))
    alike = {one for one in (letter, letter.upper(), *odd) if len(one) == 1}
    return f"(?-i:[{''.join(sorted(alike))}])" if len(alike) > 1 else letter


def _opened(branches: Iterable[str]) -> Iterator[str]:
    """Yield each of *branches*, or one for each opening where it opens with a group of them."""
    for branch in branches:
        if branch.startswith("(?:"):
            group = re.match(r"...((?:[^()\\]|\\.)*)\)(.*)", branch)
            assert group is not None
            yield from _opened(one + group[2] for one in group[1].split("|"))
        else:
            yield branch


_JUNK_NAMES = _junk_pattern()


@lru_cache(maxsize=50_000)
def _junk_word(name: str) -> str | None:
    spaced = name if name.islower() else _CAMEL.sub("-", name).lower()
    if not _JUNK_NAMES.search(spaced):
        return None
    found = _JUNK_NAMES.search(_INNOCENT_NAMES.sub(" ", spaced))
    return found[0] if found else None


def junk_name(names: str) -> str | None:
    """Return the word in *names*, an element's class and id, that marks boilerplate."""
    for name in names.split():
        word = _junk_word(name)
        if word is not None:
            return word
    return None


def _labels(text: str) -> frozenset[str]:
    return frozenset(fold(one) for line in text.split("\n") for one in line.split(",")) - {""}


# Headings publishers put over links to further articles.
_RELATED = _labels("""
related articles, related article, related stories, related story, related news, related content, related posts, related post, related links, related topics, related coverage, related reading, related, recommended stories, recommended articles, recommended reading, recommended for you, recommended, read more, read next, read also, also read, more stories, more news, more articles, more from, more on this, more on this story, more on this topic, more on, more like this, more in, you may also like, you might also like, you may also be interested in, see also, see more, next article, don't miss, up next, what to read next, further reading, editor's picks, editors' picks, most read, most popular, trending, trending now, latest news, latest stories, latest articles, latest posts, recent posts, recent articles, recent news, top stories, popular posts, popular articles, other news, other articles, other stories, from our partners, from the web, around the web, in other news, in case you missed it, keep reading, continue reading, dive deeper, similar articles, similar posts, more headlines, just in
lesen sie auch, lesen sie mehr, lesen sie weiter, lesen sie dazu auch, mehr zum thema, mehr zu, mehr dazu, mehr aus, mehr von, weitere artikel, weitere nachrichten, weitere meldungen, weitere themen, verwandte artikel, verwandte themen, ähnliche artikel, ähnliche beiträge, das könnte sie auch interessieren, das könnte dich auch interessieren, auch interessant, zum thema, meistgelesen, meist gelesen, aktuelle nachrichten, neueste artikel, neueste beiträge, passend dazu, siehe auch, empfohlene artikel, empfehlungen der redaktion
à lire aussi, a lire aussi, lire aussi, lire également, à lire également, à lire, sur le même sujet, sur le même thème, articles liés, articles similaires, articles connexes, articles recommandés, à découvrir, voir aussi, vous aimerez aussi, les plus lus, plus d'articles, à voir aussi, notre sélection, dans la même rubrique, derniers articles
lea también, lee también, leer también, lea además, te puede interesar, te puede gustar, puede interesarte, le puede interesar, también te puede interesar, noticias relacionadas, artículos relacionados, contenido relacionado, relacionadas, relacionado, relacionados, más noticias, más información, ver también, lo más leído, lo más visto, últimas noticias, recomendados, seguir leyendo, mira también, sigue leyendo, entradas relacionadas
leia também, leia mais, veja também, saiba mais, notícias relacionadas, artigos relacionados, conteúdo relacionado, mais lidas, mais notícias, últimas notícias, recomendadas, você também pode gostar, ver mais
leggi anche, leggi altro, potrebbe interessarti, potrebbero interessarti, potrebbe interessarti anche, articoli correlati, articoli simili, notizie correlate, correlati, vedi anche, da non perdere, i più letti, le più lette, ultime notizie, altri articoli
lees ook, lees meer, lees verder, gerelateerde artikelen, gerelateerd, meer over, meer nieuws, meer artikelen, meest gelezen, zie ook, ook interessant
läs även, läs också, läs mer, relaterade artiklar, mer om, mest läst, les også, les mer, relaterte artikler, mest lest, læs også, læs mere, relaterede artikler, mest læste, lue myös, aiheeseen liittyvää, lisää aiheesta, luetuimmat, lesið einnig, tengdar fréttir, mest lesið
czytaj także, czytaj też, czytaj również, czytaj więcej, przeczytaj także, przeczytaj również, zobacz także, zobacz też, zobacz również, podobne artykuły, powiązane artykuły, polecane, polecane artykuły, najczęściej czytane, więcej na ten temat
čtěte také, přečtěte si také, mohlo by vás zajímat, související články, související, podobné články, nejčtenější, čítajte tiež, čítajte aj, súvisiace články, mohlo by vás zaujímať, olvassa el ezt is, kapcsolódó cikkek, kapcsolódó, ajánlott cikkek, olvasd el ezt is, további cikkek, citește și, citeşte şi, citiți și, articole similare, articole asemănătoare, știri similare, vezi și, прочетете още, още по темата, свързани статии, свързани новини, pročitajte i, pročitajte još, pročitajte više, povezane vijesti, povezani članci, preberite tudi, sorodni članki, lexoni edhe, lexo edhe
читайте также, читайте ещё, читайте еще, читать также, читать далее, по теме, материалы по теме, похожие статьи, похожие материалы, похожие новости, смотрите также, другие новости, другие статьи, ещё по теме, еще по теме, рекомендуем, самое читаемое, популярное, последние новости, связанные статьи, читайте також, читайте ще, дивіться також, схожі новини, схожі матеріали, матеріали за темою, за темою, пов'язані статті, чытайце таксама
διαβάστε επίσης, διαβάστε ακόμα, διαβάστε περισσότερα, σχετικά άρθρα, σχετικές ειδήσεις, δείτε επίσης, δημοφιλή
ilgili haberler, ilgili yazılar, ilgili makaleler, bunlar da ilginizi çekebilir, ilginizi çekebilir, benzer haberler, ayrıca okuyun, bunu da okuyun, son haberler, çok okunanlar, baca juga, berita terkait, artikel terkait, artikel lainnya, berita lainnya, terpopuler, lihat juga, simak juga, baca lagi, tin liên quan, bài viết liên quan, xem thêm, đọc thêm, tin cùng chuyên mục, tin khác, basahin din, soma pia, soma zaidi, habari zinazohusiana
اقرأ أيضا, اقرأ أيضاً, اقرأ ايضا, اقرأ أيضًا, إقرأ أيضا, إقرأ أيضاً, مواضيع ذات صلة, مقالات ذات صلة, أخبار ذات صلة, موضوعات ذات صلة, موضوعات متعلقة, ذات صلة, قد يهمك, قد يهمك أيضا, الأكثر قراءة, شاهد أيضا, المزيد, بیشتر بخوانید, همچنین بخوانید, مطالب مرتبط, اخبار مرتبط, مطالب پیشنهادی, خبرهای مرتبط, בהמשך, כתבות נוספות, קראו גם, קרא גם, כתבות קשורות, עוד בנושא, אולי יעניין אותך, مزید پڑھیں, یہ بھی پڑھیں, متعلقہ خبریں, متعلقہ مضامین
यह भी पढ़ें, ये भी पढ़ें, इसे भी पढ़ें, और पढ़ें, संबंधित खबरें, संबंधित समाचार, संबंधित लेख, আরও পড়ুন, আরও খবর, সম্পর্কিত খবর, এ সম্পর্কিত আরও খবর, மேலும் படிக்க, தொடர்புடைய செய்திகள், இதையும் படிங்க, ఇవి కూడా చదవండి, ఇది కూడా చదవండి, സംബന്ധിയായ വാർത്തകൾ, இதையும் படியுங்கள், હંમેશા વાંચો, ข่าวที่เกี่ยวข้อง, บทความที่เกี่ยวข้อง, อ่านเพิ่มเติม, เรื่องที่เกี่ยวข้อง, អត្ថបទទាក់ទង
相关阅读, 相关文章, 相关新闻, 相关报道, 相关内容, 相关链接, 延伸阅读, 推荐阅读, 更多新闻, 更多文章, 猜你喜欢, 热门文章, 热门新闻, 最新文章, 最新消息, 阅读更多, 為您推薦, 相關閱讀, 相關文章, 相關新聞, 相關報道, 相關報導, 延伸閱讀, 推薦閱讀, 更多新聞, 熱門文章, 你可能感興趣, 您可能還喜歡, 看更多
関連記事, 関連ニュース, 関連リンク, あわせて読みたい, こちらもおすすめ, おすすめ記事, おすすめの記事, 人気記事, 最新記事, 合わせて読みたい, 関連する記事, 관련 기사, 관련기사, 관련 뉴스, 관련뉴스, 함께 보면 좋은 기사, 추천 기사, 많이 본 뉴스, 인기 기사, 최신 기사
""")
# What may follow such a heading: "More from The Paper", "More on this story".
_MORE = ("more ", "mehr ", "related", "meer ", "mer ", "latest")
_RELATED_OPENINGS = tuple(sorted((one + " " for one in _RELATED if one.startswith(_MORE)), key=len))
MAX_LABEL_CHARS = 60


def is_related_label(text: str) -> bool:
    """Whether *text* is a heading over links to further articles."""
    if len(text) > MAX_LABEL_CHARS:
        return False
    folded = fold(text)
    return folded in _RELATED or (
        folded.startswith(_MORE)
        and len(folded) < 45
        and folded.startswith(_RELATED_OPENINGS)
        and not text.endswith(".")
    )


_LEAD = re.compile(rf"[ \[(>»→•*-]*+([^:：|>»→–—]{{1,{MAX_LABEL_CHARS}}}+)[:：|>»→–—]")


# Before a headline only: alone they are words of any text.
_LEADS = _RELATED | _labels(
    "read, see, watch, more, lies, lesen, mehr, lire, voir, lea, lee, vea, mira, leia, veja, leggi, guarda, lees, bekijk, läs, les, læs, lue,"
    "czytaj, zobacz, čtěte, olvasd, citește, читайте, смотрите, διαβάστε, δείτε, oku, okuyun, baca, đọc, اقرأ, شاهد, קראו, 阅读, 閱讀"
)


def is_related_lead(text: str) -> bool:
    """Whether *text* is such a label, or opens with one and goes on with a headline: "Read more: …"."""
    if len(text) <= MAX_LABEL_CHARS and fold(text) in _RELATED:
        return True
    found = _LEAD.match(text)
    return found is not None and fold(found[1]) in _LEADS


# Whole lines that no article prints as its own text.
_FURNITURE = _labels("""
advertisement, advertisements, advertising, ad, ads, sponsored, sponsored content, promoted, continue reading below, story continues below, story continues below advertisement, article continues below, article continues after ad, article continues after advertisement, scroll to continue, loading, loading…, loading..., close, ×, x, menu, search, share, share this, share this article, share article, share this story, share this post, share on facebook, share on twitter, share on x, share on linkedin, share on whatsapp, share via email, facebook, twitter, x, linkedin, whatsapp, telegram, reddit, pinterest, instagram, youtube, tiktok, email, e-mail, print, print this page, copy link, link copied, copy url, save, save article, bookmark, listen, listen to this article, listen to article, play, pause, stop, mute, play video, watch, watch now, comments, comment, leave a comment, no comments, add a comment, show comments, view comments, join the conversation, post a comment, leave a reply, newsletter, newsletters, subscribe, subscribe now, sign up, sign in, log in, login, register, get the app, download the app, follow, follow us, follow us on, tags, tags:, topics, topics:, tag, category, categories, filed under, posted in, by, back to top, top, home, skip to content, skip to main content, view all, see all, show more, load more, more, next, previous, gallery, view gallery, open image in gallery, photos, video, videos, image, photo, report an error, suggest a correction, correct this article, give feedback, about the author, author, authors, written by, editor, published, updated, last updated, image credit, photo credit, credit, source, sources, enlarge, enlarge image, expand, collapse, click here, table of contents, in this article, key points, on this page, contents, minutes read, min read, reading time, live, breaking, exclusive, opinion, news, you are here, reprints, permissions, accessibility links, up next, now playing, view comments, donate, donate now, become a member, contact us, advertise with us, privacy policy, terms of use, cookie policy, add us as a preferred source on google, preferred source on google, google news, follow us on google news
anzeige, werbung, teilen, drucken, merken, kommentare, kommentar, artikel teilen, link kopieren, artikel anhören, anhören, vorlesen, zur startseite, nach oben, mehr, schließen, suche, menü, abonnieren, anmelden, startseite, artikel drucken, feedback, bildergalerie, newsletter abonnieren, jetzt abonnieren, themen, schlagworte, quelle, foto, video
publicité, partager, imprimer, commentaires, commenter, s'abonner, se connecter, fermer, écouter, écouter l'article, lire plus tard, enregistrer, accueil, réagir, partager l'article, copier le lien, temps de lecture, je m'abonne, la suite après cette publicité, la suite après la publicité, source
publicidad, compartir, imprimir, comentarios, comentar, suscríbete, suscribirse, cerrar, escuchar, guardar, inicio, iniciar sesión, copiar enlace, etiquetas, temas, fuente, compartir en facebook, compartir en twitter, compartir en whatsapp, publicidade, compartilhar, comentários, assine, fechar, ouvir, salvar, pubblicità, condividi, stampa, commenti, commenta, abbonati, accedi, chiudi, ascolta, salva, advertentie, delen, deel, afdrukken, reacties, abonneren, inloggen, sluiten, luister
annons, dela, skriv ut, kommentarer, stäng, lyssna, annonse, del, skriv ut, lukk, lytt, annonce, del artikel, print, luk, lyt, mainos, jaa, tulosta, kommentit, sulje, kuuntele, reklama, udostępnij, drukuj, komentarze, skomentuj, zamknij, posłuchaj, sdílet, tisk, komentáře, diskuse, zavřít, poslechnout, reklám, hirdetés, megosztás, nyomtatás, hozzászólások, bezárás, publicitate, distribuie, comentarii, închide
реклама, поделиться, распечатать, комментарии, комментировать, подписаться, подписаться на новости, войти, закрыть, слушать, теги, источник, поделитися, коментарі, підписатися, закрити, реклам, сподели, коментари, διαφήμιση, κοινοποίηση, σχόλια, εκτύπωση, κλείσιμο, ακούστε
reklam, paylaş, yazdır, yorumlar, yorum yap, kapat, dinle, iklan, bagikan, komentar, tutup, advertisement scroll to continue with content, scroll to continue with content, chia sẻ, bình luận, in bài, đóng, quảng cáo
إعلان, شارك, مشاركة, طباعة, تعليقات, التعليقات, اشترك, إغلاق, استمع, نسخ الرابط, حفظ, تبلیغات, اشتراک گذاری, چاپ, نظرات, פרסומת, שתף, שיתוף, הדפסה, תגובות, סגור, اشتہار, शेयर, विज्ञापन, टिप्पणियां, विज्ञापन के बाद जारी, শেয়ার, বিজ্ঞাপন, โฆษณา, แชร์
广告, 分享, 打印, 评论, 关闭, 收藏, 责任编辑, 編輯, 廣告, 列印, 評論, 留言, 關閉, 訂閱, 广告 继续阅读, 広告, シェア, シェアする, 印刷, コメント, 閉じる, ツイート, 保存, 광고, 공유, 공유하기, 인쇄, 댓글, 닫기, 글자크기, 스크랩
""")


def is_furniture(text: str) -> bool:
    """Whether *text*, a whole line, is a word of the page's service."""
    return len(text) <= MAX_LABEL_CHARS and fold(text) in _FURNITURE


# Lines that open with words of service, short enough to be nothing else.
_SERVICE = r"""
(?:sign|signing) up (?:for|to|here|now)
subscribe (?:to|now|today|here|for)
get (?:our|the latest|breaking|all the|unlimited)
follow (?:us|our|@|\w+ on)
like us on
join (?:our|us|the conversation)
click here (?:to|for)
tap here
(?:©|\(c\)|copyright)\s
all rights reserved
share (?:this|on|via|with)
download (?:our|the) .{0,20}app
support (?:our|us|independent)
your (?:email|subscription|account|browser)
we use cookies
this (?:site|website|page) uses
by (?:clicking|signing|subscribing|submitting|entering|using)[ ]
please (?:enable|sign|log|enter|wait|read|subscribe)
(?:tags|filed under|posted in|categories|topics|schlagworte|themen|etiquetas|tagi|теги|标签|標籤|タグ)\s*[:：]
(?:reading time|read time|lesezeit|temps de lecture|tiempo de lectura)\b
\d+\s*(?:min(?:ute)?s?|мин|分)\.?\s*(?:read|lesezeit|de lecture|de lectura|чтения)?$
\d+\s*(?:comments?|kommentare|commentaires|comentarios|comentários|commenti|reacties|kommentarer|komentarzy|комментари\w*|shares?|views?|likes?)\b
(?:have you got|do you have) (?:a )?(?:news|story|tip)
got a (?:tip|story)
(?:email|e-mail|contact) (?:the author|us\b|our news)
(?:first |)(?:published|posted|updated|last updated|last modified|modified|created|veröffentlicht|aktualisiert|publié|mis à jour|publicado|actualizado|atualizado|pubblicato|aggiornato|gepubliceerd|bijgewerkt|publicerad|uppdaterad|publisert|oppdatert|opublikowano|aktualizacja|опубликовано|обновлено|发布|更新|公開|入力|수정)\b.{0,60}$
read (?:more|also|next|our|the (?:full|original)).{0,30}[:：]
watch (?:more|also|now|live|:|the video)
(?:lesen sie|lire aussi|à lire|lea también|lee también|leia também|leia mais|leggi anche|lees ook|läs även|läs också|läs mer|les også|læs også|baca juga|читайте|čtěte|czytaj).{0,20}[:：]
(?:0:00|00:00)
""".strip().split("\n")
FURNITURE_LEAD = re.compile(rf"(?i)[\W_]*(?:{'|'.join(_SERVICE)})")
# Who took the picture: a line of its own below it.
_PICTURE = "photo|image|picture|video|photograph|foto|bild|crédit|crédits|credit|credits|photos|illustration|graphic|imagen|fotografie|zdjęcie|фото|图片|圖|写真|사진"
CREDIT = re.compile(rf"(?i)[\W_]*(?:{_PICTURE})\s*(?:by|credits?|source|courtesy|:|：|©|/)")
MEDIA_TIME = re.compile(r"\W*(?:\d{1,2}:)?\d{1,2}:\d{2}(?:\s*/?\s*(?:\d{1,2}:)?\d{1,2}:\d{2})?\W*")

# A byline: "By X", in the languages that put a word before the name.
_WROTE = "story |words |text |report(?:ing)? |written |posted |published "
_BY = "by|von|par|por|di|van|av|af|door|od|de|szerző|autor|autorin|author|auteur|autore|автор|автори|text|texto|testo|tekst|oleh|yazan|تحریر|كتب|بقلم|文|作者|記者|记者|글"
BYLINE = re.compile(rf"(?i)(?:{_WROTE})?(?:{_BY})\s*[:：]?\s+(?=\S)")
_END = r"""
comments?
leave a (?:reply|comment)
\d+\s+(?:comments|responses|replies|thoughts on)
post a comment
join the (?:conversation|discussion)
(?:kommentare?|commentaires?|comentarios?|comentários|commenti|kommentarer|reacties|комментарии|评论|評論|コメント|댓글)
about the authors?
über den autor
à propos de l'auteur
sobre (?:el|o) autor
""".strip().split("\n")
END_OF_STORY = re.compile(rf"(?i)[\W_]*(?:{'|'.join(_END)})[\W_]*(?:\(?\d+\)?)?[\W_]*")


# What these open with, as far as that is plain letters; of a byline's words also the end, for many a word opens with one.
_PLAIN = re.compile(r"\\?.(?:[\w' -](?![?*+{]))*")
_OPENINGS = {
    *(
        _PLAIN.findall(one)[0]
        for one in _opened((*_SERVICE, *_END, *_PICTURE.split("|"), *_WROTE.split("|")))
    ),
    *(rf"{word}[\s:：]" for word in _BY.split("|")),
}
KNOWN_OPENING = re.compile(rf"(?i)[\W_]*(?:{by_first_letter(sorted(_OPENINGS), any_case)})")
"""Opens every text that `FURNITURE_LEAD`, `CREDIT`, `BYLINE` or `END_OF_STORY` matches, and few others: asked before the four."""

_PLACEHOLDERS = r"""
extern(?:e|en|er|al|o|a|í|é|ích)? (?:inhalt|content|inhoud|innehåll|innhold)
contenu (?:externe|tiers)
(?:contenido externo|conteúdo externo|contenuto esterno)
drittplattform
empfohlener (?:redaktioneller|externer) inhalt
third[- ]part(?:y|ies) (?:content|cookies|provider)
(?:accept|allow|enable|manage) (?:all )?(?:the )?cookies
inhalte? (?:erlauben|anzeigen|zulassen|laden)
(?:this|the) content is (?:provided by|not available due to)
(?:may be using cookies|cookie settings|datenschutzerklärung|paramètres des cookies|accepter les cookies|accetta i cookie)
(?:réservée? aux abonnés|reserved for subscribers)
il vous reste .{1,12} de cet article
""".strip().split("\n")
_PLACEHOLDER = re.compile(rf"(?i){by_first_letter(_opened(_PLACEHOLDERS), any_case)}")
MIN_PLACEHOLDER_CHARS = 12
"""As "Inhalt laden" has."""
# Some of these are in every such text, and none in most.
_IN_PLACEHOLDERS = (
    "conten", "cookie", "inhal", "inhou", "inneh", "innho", "conteú", "plattform", "third", "datenschutz", "abonné", "reserved", "reste",
)  # fmt: skip


def stands_for_embed(text: str) -> bool:
    """Whether *text* stands in place of something embedded, until the reader agrees to it."""
    if len(text) < MIN_PLACEHOLDER_CHARS:
        return False
    lower = text.lower()
    for one in _IN_PLACEHOLDERS:  # a quarter of the time of `any`
        if one in lower:
            return bool(_PLACEHOLDER.search(text))
    return False
