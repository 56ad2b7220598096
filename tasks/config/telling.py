"""Which texts tell of one person wherever they stand, so that they may be searched for and struck out.

Owns: that judgement, and how such a text may be spelt in files. Does not own whose texts they are.
"""

from __future__ import annotations

import html
import json

#: A shorter text, or a shorter figure, stands in other places by chance: in amounts, digests and bytes.
_SHORTEST_TEXT, _SHORTEST_FIGURE = 6, 9


def is_telling(text: str) -> bool:
    """Whether a text would hardly stand anywhere but where its person is meant.

    Six characters or more with a digit, an @ or a space in them; of digits alone nine or more: `C0000007`,
    `anna@example.com`, `Anna Berg`, but neither `17850`, which is a figure, too, nor `unknown`.
    """
    stripped = text.strip()
    if stripped.isdigit():
        return len(stripped) >= _SHORTEST_FIGURE
    return len(stripped) >= _SHORTEST_TEXT and any(one.isdigit() or one == "@" or one.isspace() for one in stripped)


def spellings(text: str) -> tuple[str, ...]:
    """A text as it is, in JSON (with and without letters beyond ASCII) and in HTML, each once."""
    asis = text.strip()
    found = (
        asis,
        json.dumps(asis, ensure_ascii=False)[1:-1],
        json.dumps(asis)[1:-1],
        html.escape(asis),
        html.escape(asis, quote=False),
        # As Jinja writes quotation marks.
        html.escape(asis).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    )
    return tuple(dict.fromkeys(found))
