"""The page of features: the catalogue of a workspace that declares one feature of each kind.

Owns: its layout, and that workspace. Does not own what a feature means (the headers of `sql/features` do) or what is
told of it (`tasks/features/listing.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import yaml

from flows.feature_list import features_of
from generator.markdown import code, grid
from generator.tables import WINDOWS, WINDOWS_TOLD, models, told
from tasks.config.loading import load_workspace
from tasks.features.listing import FeatureEntry

#: Declares one construct, indicator and enrichment; its sources need not be there.
_WORKSPACE: dict[str, object] = {
    "name": "catalogue",
    "as_of": "2025-06-30",
    "sources": {"crm": {"entity": "customers", "format": "csv", "path": "x.csv", "columns": {"customer_id": "id"}}},
    "features": {
        "windows": list(WINDOWS),
        "constructs": {"openness": {"items": ["likes_art", "likes_travel"], "reversed_items": ["likes_routine"]}},
        "indicators": {"confidence": {"name": "consumer_confidence", "unit": "index"}},
        "enrichments": {"home": {"attribute": "home_ownership"}},
    },
    "segmentations": {
        "all": {
            "kind": "rules",
            "basis": "value",
            "segments": [{"id": "all", "name": "All", "when": "order_count >= 0"}],
        }
    },
}

_INTRODUCTION = f"""\
What rules, RFM scores, clusters, drift and profiles work with: one value per customer at the as-of date.
{WINDOWS_TOLD} `openness_score`, `market_confidence` and `enriched_home` stand for the constructs, indicators and
enrichments that a workspace [declares](workspace.md#features). How to add a feature:
[add-a-feature.md](../how-to/add-a-feature.md). `resegment features` lists those of a workspace, its own included, and
with `--json` all that is told here.

- *unit*: and the lowest and the highest value, where a feature has them; a rule that asks for more is refused.
- *window*: the days that end with the as-of day and that the value looks at; none: all history, or the newest record.
- *moves by itself*: *calendar*: the value of every customer grows by one a day, whatever he does; drift subtracts the
  days that passed. *cumulative*: it moves as history grows; drift looks at its windowed sisters instead. *external*: it
  is of the world around and moves for many customers at once; drift leaves it out.
- *privacy*: the strictest [class](workspace.md#privacy) of the columns that it comes from, as the entities have them;
  *coarsened*: it tells less than they do. What a workspace protects beyond that is seen as NULL.
- *from*: the columns of [entities](entities.md) that it comes from; an entity alone: its rows are counted."""


def features_page() -> Iterator[str]:
    """The feature catalogue, by theme."""
    yield _INTRODUCTION
    by_theme = {model.table.removeprefix("customer_"): model for model in models("features")}
    for theme, entries in groupby(_entries(), lambda entry: entry.theme):
        model = by_theme[theme]
        yield f"## {theme}"
        yield f"Table `{model.name}`, of {model.owner or 'the data team'}. {told(model)}"
        yield grid(
            ("feature", "meaning", "unit", "type", "window", "moves by itself", "privacy", "from"), map(_row, entries)
        )


def _entries() -> list[FeatureEntry]:
    with tempfile.TemporaryDirectory(prefix="resegment-docs-") as folder:
        (Path(folder) / "resegment.yaml").write_text(yaml.safe_dump(_WORKSPACE, sort_keys=False), encoding="utf-8")
        return features_of(load_workspace(Path(folder)))


def _row(entry: FeatureEntry) -> tuple[str, ...]:
    kind = "" if entry.kind in {"number", "flag", "date"} else f" ({entry.kind})"
    return (
        code(entry.name),
        entry.meaning,
        entry.unit_and_range,
        entry.type + kind,
        f"{entry.window_days} days" if entry.window_days else "",
        ", ".join(entry.moves),
        entry.privacy_class + (", coarsened" if entry.coarsens else ""),
        ", ".join(map(code, entry.source_columns)),
    )
