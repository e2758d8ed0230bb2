"""One page in, one article out: `clean`, and `explain`, which says why it came out so."""

from crawler.cleaner.clean import Explanation, NotAnArticle, clean, clean_page, explain, read_article
from crawler.cleaner.reading import Cleaned

__all__ = ["Cleaned", "Explanation", "NotAnArticle", "clean", "clean_page", "explain", "read_article"]
