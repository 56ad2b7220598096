"""What became of the segments since the model in use was learnt, where the run before tells another story.

Owns: clusters that stand where nobody stood when the model in use was learnt, found by scoring the new rules on the old
data, and tracing customers back to that day. Does not own the ids that follow from it (`identity.py`), or what is told
of it (`tasks/insight/transitions.py`).

Between two refits every customer is put into one of the segments there are. Whoever came since, or moved to where no
segment is, has been in the nearest one for weeks when a refit finds the group that he is in: by the members of the run
before, a newborn group would be told as a piece of a segment that it has nothing to do with, and could take its id. And
of a segment that merged into another little by little, the run before knows a few stragglers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.config.clusters import NOISE_KEY
from tasks.segments.cluster import Flow, Origins
from tasks.segments.identity import PIECE, match_segments

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    import polars as pl

    from tasks.segments.identity import IdentityMatch


@dataclass(frozen=True, slots=True)
class LearntFrom:
    """What the model in use was learnt from.

    Attributes:
        date: the day.
        frame: customer_id and the features of that day.
    """

    date: dt.date
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Story:
    """Where customers were and are.

    Attributes:
        since: the day that the model in use was learnt; None where that day is not kept.
        then: customer_id; segment_key, where the model in use put him when it was learnt; label, where the new rules
            put what he was on that day. Empty where it is not kept.
        before: customer_id and segment_key of the run before.
        now: customer_id and label of today.
        groups: labels from this number on are of no group; it has no place.
    """

    since: dt.date | None
    then: pl.DataFrame
    before: pl.DataFrame
    now: pl.DataFrame
    groups: int


@dataclass(frozen=True, slots=True)
class NewGround:
    """What is known of clusters on new ground.

    Attributes:
        labels: of these clusters.
        before: customer_id and segment_key, where everybody was: at the run before; of members of these clusters, when
            the model in use was learnt. Who came since is not in it.
    """

    labels: frozenset[int]
    before: pl.DataFrame


def find_new_ground(story: Story) -> NewGround:
    """Find the clusters that no old segment had a piece in, and trace their customers back."""
    import polars as pl

    of_groups = story.now.filter(pl.col("label") < story.groups)
    share = pl.col("customers") / pl.col("customers").sum().over("segment_key")
    counted = story.then.group_by("segment_key", "label").agg(pl.len().alias("customers"))
    settled = counted.filter(share >= PIECE).get_column("label").to_list()
    here = of_groups.clear() if story.since is None else of_groups.filter(~pl.col("label").is_in(settled))
    return NewGround(frozenset(here.get_column("label").unique().to_list()), _traced(story.before, here, story.then))


def match_groups(story: Story, ground: NewGround, used_ids: Collection[str]) -> IdentityMatch:
    """Match groups to groups: who belongs to none has his id anyway."""
    import polars as pl

    return match_segments(
        ground.before.filter(pl.col("segment_key") != NOISE_KEY),
        story.now.filter(pl.col("label") < story.groups),
        used_ids=used_ids,
        new_ground=ground.labels,
    )


def origins_of(story: Story, ground: NewGround, match: IdentityMatch) -> Origins | None:
    """Where the customers of the new model came from; None where that is what the run before tells."""
    import polars as pl

    # Of a segment that nobody was in any more it was told when it became empty.
    gone = set(match.retired) & set(story.before.get_column("segment_key"))
    if story.since is None or not (ground.labels or gone):
        return None
    of_the_gone = story.then.filter(pl.col("segment_key").is_in(gone)).join(story.now, on="customer_id", how="semi")
    was = _traced(ground.before, of_the_gone, story.then).rename({"segment_key": "came_from"})
    ids = [*match.ids, NOISE_KEY]
    here = story.now.with_columns(pl.col("label").replace_strict(dict(enumerate(ids))).alias("went_to"))
    both = was.join(here, on="customer_id", how="full")
    counted = both.group_by("came_from", "went_to").len().sort("came_from", "went_to", nulls_last=True)
    new_ground = tuple(match.ids[label] for label in sorted(ground.labels))
    return Origins(story.since, new_ground, tuple(Flow(*row) for row in counted.iter_rows()))


def _traced(before: pl.DataFrame, whom: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """Where everybody was: some when the model in use was learnt, the others at the run before."""
    both = [one.select("customer_id", "segment_key") for one in (before, then)]
    return both[0].join(whom, on="customer_id", how="anti").vstack(both[1].join(whom, on="customer_id", how="semi"))
