"""The templates of the report's pages.

Owns: that everything printed is escaped and cleaned, and the filters. Does not own what is printed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.findings import check_words

#: A longer table scrolls within the page.
TALL_TABLE = 24


@cache
def template(name: str) -> jinja2.Template:
    """A template of this folder."""
    return _environment().get_template(name)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    for name in ("count", "signed_count", "money", "decimal", "share", "signed_share", "signed", "p_value", "date"):
        environment.filters[name] = getattr(formats, name)
    environment.filters |= {
        "moment": formats.moment,
        "feature_title": formats.feature_title,
        "check_words": check_words,
        "plural": counted,
    }
    environment.globals["tall_table"] = TALL_TABLE
    return environment


def _finalize(value: object) -> object:
    """Clean every text that is printed; our own markup is clean already."""
    return formats.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
