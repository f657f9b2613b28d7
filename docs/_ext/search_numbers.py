"""Numbers in the search: Sphinx leaves them out of its index and of what is asked; people search for 401 and 429."""

from __future__ import annotations

import sphinx.search
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

MAX_DIGITS = 5  # of the codes that servers answer with; longer ones are keys and times


class SearchWithNumbers(SearchEnglish):
    """English words, and numbers."""

    def word_filter(self, word: str) -> bool:
        """Tell whether a word belongs into the index."""
        return (word.isdigit() and 1 < len(word) <= MAX_DIGITS) or super().word_filter(word)


def setup(app: Sphinx) -> dict[str, bool]:
    """Put it in the place of English; the script does the same to what is asked."""
    sphinx.search.languages["en"] = SearchWithNumbers
    app.add_js_file("search_numbers.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
