"""Dividing customers by segments that were learnt on some of them.

Owns: the way from a projected segmentation to its members and definitions. Does not own the model (`projection.py`).
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tasks.config.errors import StatisticsError
from tasks.config.projected import ProjectedSegmentation
from tasks.segments.asked import asked_text
from tasks.segments.definitions import Definition
from tasks.segments.division import MEMBERS, OTHERWISE, Division, Job
from tasks.segments.projection import Projection, project, sure_segments
from tasks.segments.stored_model import StoredModel, model_row, stored_model
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal

KIND = "projected"
_ANSWERED = "is in the segment himself"


def divide_by_projection(job: Job, segmentation: ProjectedSegmentation, learnt: Division) -> Division:
    """Leave everybody in his segment, and give the others those that their features speak for.

    Args:
        job: the segmentation.
        segmentation: as the workspace declares it.
        learnt: what dividing by the other segmentation gave; its members wait in their temporary table.
    """
    columns = ", ".join(map(identifier, segmentation.features))
    frame = job.run.warehouse.frame(
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key, {columns} FROM {job.customers}"
        f" LEFT JOIN (SELECT {KEY}, segment_id FROM {MEMBERS.format(segmentation.of)}) USING ({KEY}) ORDER BY {KEY}"
    )
    is_known = pl.col("segment_key").is_not_null()
    respondents, others = frame.filter(is_known), frame.filter(~is_known)
    try:
        found = project(
            respondents.select(segmentation.features),
            respondents["segment_key"].to_list(),
            others.select(segmentation.features),
            seed=segmentation.seed,
        )
    except StatisticsError as error:
        projected, note, worth = _nobody(others), f"only respondents: {error.message}", None
    else:
        held = others.select(KEY).join(_held(job), on=KEY, how="left", maintain_order="left")["segment_key"].to_list()
        projected, worth = _placed(others, found, held, segmentation.min_confidence), found.worth
        share = projected["segment_key"].is_not_null().sum() / max(others.height, 1)
        note = f"{worth.sentence()}; {share:.0%} of {others.height:,} others have a segment"
    answered = respondents.select(KEY, "segment_key", pl.lit(1.0).alias("strength"), pl.lit(_ANSWERED).alias("reason"))
    _keep(job, segmentation, pl.concat([answered, projected]))
    past = stored_model(job.run, job.name, KIND)
    content = {"kind": KIND, "of": segmentation.of, "worth": worth.to_json() if worth else None}
    model = StoredModel(past.number + 1 if past else 1, job.run.as_of, content)
    row = model_row(job.name, model, len(learnt.definitions), note)
    is_empty = learnt.refusal is not None and not learnt.definitions
    refusal = f"{segmentation.of} was refused: {learnt.refusal}" if is_empty else None
    return Division(_definitions(segmentation, learnt), note, row, refusal=refusal)


def _held(job: Job) -> pl.DataFrame:
    """customer_id and segment_key of the previous run, where the same was asked of it: an edit counts at once."""
    if job.run.previous is None:
        return pl.DataFrame(schema={KEY: pl.String, "segment_key": pl.String})
    return job.run.warehouse.frame(
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key FROM segments.membership"
        " WHERE run_id = $run_id AND segmentation_id = $name AND $asked IN (SELECT asked_text FROM segments.definition"
        f" WHERE run_id = $run_id AND segmentation_id = $name AND status_name = 'active') ORDER BY {KEY}",
        {
            "run_id": job.run.previous.run_id,
            "name": job.name,
            "asked": asked_text(job.run.workspace, job.name),
        },
    )


def _placed(others: pl.DataFrame, found: Projection, held: list[str | None], least: float) -> pl.DataFrame:
    """The others with their likeliest segments; NULL where too little is known of them."""
    sure = sure_segments(list(found.segments), list(found.chances), held, least)
    return pl.DataFrame(
        {
            KEY: others[KEY],
            "segment_key": pl.Series(sure, dtype=pl.String),
            "strength": pl.Series(found.chances, dtype=pl.Float64),
            "reason": pl.Series(
                [
                    f"features speak for {key} with a chance of {chance:.2f}" + _standing(given, chance, least)
                    for key, chance, given in zip(found.segments, found.chances, sure, strict=True)
                ],
                dtype=pl.String,
            ),
        }
    )


def _standing(given: str | None, chance: float, least: float) -> str:
    """What becomes of a chance."""
    if given is None:
        return ": too little"
    return "" if chance >= least else f": less than {least:g}, and he was there"


def _nobody(others: pl.DataFrame) -> pl.DataFrame:
    return others.select(
        KEY,
        pl.lit(None, dtype=pl.String).alias("segment_key"),
        pl.lit(0.0).alias("strength"),
        pl.lit("features do not tell the segments apart").alias("reason"),
    )


def _keep(job: Job, segmentation: ProjectedSegmentation, members: pl.DataFrame) -> None:
    other = segmentation.otherwise
    if other is not None:
        # How sure it is of no segment is nothing that can be said.
        is_in_none = pl.col("segment_key").is_null()
        members = members.with_columns(
            pl.when(is_in_none).then(1.0).otherwise("strength").alias("strength"),
            pl.col("segment_key").fill_null(other.id),
        )
    with job.run.warehouse.registered("incoming_members", members.filter(pl.col("segment_key").is_not_null())):
        job.keep(
            f"SELECT {literal(job.name)} AS segmentation_id, {literal(job.name)} || '.' || segment_key AS segment_id,"
            f" {KEY}, strength AS strength_share, reason,"
            " NULL::VARCHAR AS rival_segment_id, NULL::DOUBLE AS centre_distance FROM incoming_members"
        )


def _definitions(segmentation: ProjectedSegmentation, learnt: Division) -> list[Definition]:
    rule = f"in {segmentation.of}, or likeliest by {', '.join(segmentation.features)}"
    listed = [replace(definition, rule_text=rule) for definition in learnt.definitions]
    if other := segmentation.otherwise:
        listed.append(Definition(other.id, other.name, other.description, OTHERWISE))
    return listed
