"""From what is asked to the model in use: learn, hold against the champion, let it take over, wait or go.

Owns: the order of those steps, for every kind that learns once and keeps what it learnt. A scheduled run (`settle`) and
a refit between runs (`challenge.py`) learn by the same code. Does not own how a kind learns (a `Learner`), or what
follows from decisions (`registry.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from tasks.config.errors import StatisticsError
from tasks.config.segment import Refit
from tasks.segments.division import Job
from tasks.segments.registry import Registry
from tasks.segments.stored_model import StoredModel
from tasks.segments.version import Status, Version, fingerprint, identity_of, ids_between
from tasks.warehouse.reading import features_of
from tasks.warehouse.remade import remade_features


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was learnt anew, and what speaks for it.

    Attributes:
        content: plain JSON; None where the gates refused it and it is not kept.
        segment_count: segments it has; None where it is not kept.
        passes: whether it is better than the champion, by the gates; True where there are none.
        reason: why, in a sentence.
        metrics: the figures behind that.
        moved_count: customers that it puts elsewhere than the champion; None where they cannot be compared.
        champion: the champion's content with what it remembers of this refit; None where that is as it was.
    """

    content: Mapping[str, Any] | None
    segment_count: int | None
    passes: bool
    reason: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    moved_count: int | None = None
    champion: Mapping[str, Any] | None = None


class Learner(Protocol):
    """A kind of segmentation that learns once, for one job."""

    @property
    def kind(self) -> str:
        """As it stands in a version."""

    @property
    def job(self) -> Job:
        """The segmentation and its run."""

    @property
    def refit(self) -> Refit:
        """When it is to learn anew, and who accepts that."""

    @property
    def asked(self) -> Mapping[str, object]:
        """What, when it changes, makes it learn anew at once; plain JSON."""

    @property
    def first(self) -> str:
        """What is said where nothing was learnt before."""

    def asked_of(self, content: Mapping[str, Any]) -> Mapping[str, object]:
        """What a content was learnt for."""

    def goes_on(self, past: StoredModel) -> str:
        """What is said where nothing is learnt anew."""

    def keys(self, content: Mapping[str, Any]) -> Sequence[str]:
        """Keys of the segments that a content has."""

    def training_rows(self) -> pl.DataFrame:
        """What it learns from, in the order of customer ids."""

    def places(self, content: Mapping[str, Any]) -> pl.DataFrame:
        """Where a content puts today's customers: customer_id and segment_key, null where in none; in the order of ids.

        Raises:
            StatisticsError: it cannot be told of today's customers.
        """

    def learn(self, past: StoredModel | None, why: str) -> Candidate:
        """Learn from today's data.

        Raises:
            StatisticsError: it cannot be done.
        """


@dataclass(frozen=True, slots=True)
class Settled:
    """The model to divide by, how it came to be that, and the registry after it.

    Attributes:
        model: None where there is nothing to divide by; `note` says why.
        rows: rows of `segments.model_version`.
        contents: what is in versions that came up, by their ids.
    """

    model: StoredModel | None
    note: str
    rows: list[dict[str, object]]
    contents: Mapping[str, Mapping[str, Any]]


def settle(learner: Learner) -> Settled:
    """Find the model that a run divides by."""
    registry = registry_for(learner)
    learnt = _learnt(learner, registry)
    registry.finish()
    champion = registry.champion
    # What was decided before this run comes first, what was decided about what it learnt comes last.
    told = registry.followed_first + ([learnt] if learnt else []) + registry.followed_last
    note = learner.goes_on(champion) if champion and not told else "; ".join(told)
    if registry.live_note is not None and not told:
        note = registry.live_note
    return Settled(champion, note, registry.rows, registry.contents)


def registry_for(learner: Learner) -> Registry:
    """The registry of a learner's segmentation, before it learns."""
    return Registry(learner.job.run, learner.job.name, learner.kind, learner.asked, learner.keys)


def _learnt(learner: Learner, registry: Registry) -> str | None:
    """Learn where it is due; returns what is to be said of it, None where nothing was learnt."""
    past = registry.champion
    is_other = past is None or learner.asked_of(past.content) != learner.asked
    why = why_anew(learner, registry)
    if why is None:
        return None
    try:
        candidate = learner.learn(past, why)
    except StatisticsError as error:
        if past is None or is_other:
            registry.dethrone()
            return error.message
        return f"{learner.goes_on(past)}: {error.message}"
    takes_over = is_other or (candidate.passes and learner.refit.accept == "automatic")
    status: Status = "waiting" if candidate.passes and not takes_over else "refused"
    version = candidate_version(learner, registry, candidate, status)
    registry.add(version, candidate.content)
    if takes_over and candidate.content is not None:
        registry.overtake(version.model_no, candidate.content)
        return candidate.reason
    if candidate.champion is not None:
        registry.go_on(candidate.champion)
    if status == "waiting" and past is not None:
        return f"{learner.goes_on(past)}; model {version.model_no} waits to be accepted: {version.reason}"
    return candidate.reason


def why_anew(learner: Learner, registry: Registry) -> str | None:
    """Why something is learnt from today's data; None where what was learnt goes on."""
    past = registry.champion
    if past is None:
        return learner.first
    if learner.asked_of(past.content) != learner.asked:
        return "learnt anew, the definition changed"
    if registry.is_live:
        return None
    if remade := _remade_since(learner, registry):
        are = "is" if len(remade) == 1 else "are"
        return f"learnt anew, {' and '.join(remade)} {are} computed otherwise than on {registry.last_fit}"
    # What was refused or waits was learnt, too: what is due every so often is not due every day after that.
    last = registry.last_fit or past.trained
    days, every = (learner.job.run.as_of - last).days, learner.refit.every_days
    return f"learnt anew, {days} days after {last}" if every is not None and days >= every else None


def _remade_since(learner: Learner, registry: Registry) -> list[str]:
    """Features that it divides by whose values are others since the newest fit, because somebody edited what they are.

    What was learnt of the old values says nothing of the new ones; whether it goes on is for the gates to say.
    """
    newest = max(registry.versions, default=None)
    training_run = None if newest is None else registry.versions[newest].training_run_id
    if training_run is None:
        return []
    run = learner.job.run
    return sorted(remade_features(run, training_run) & features_of(run.workspace, learner.job.name))


def candidate_version(learner: Learner, registry: Registry, candidate: Candidate, status: Status) -> Version:
    """The entry of what was learnt."""
    run, past = learner.job.run, registry.champion
    rows = learner.training_rows()
    sha256 = fingerprint(rows)
    content = candidate.content if candidate.content is not None else {"refused": candidate.reason}
    old = learner.keys(past.content) if past else ()
    new = learner.keys(candidate.content) if candidate.content is not None else old
    kept, came, gone = ids_between(old, new)
    segmentation = run.workspace.segmentations[learner.job.name]
    said = segmentation.model_dump(mode="json", exclude={"name", "description", "owner", "basis", "treatments"})
    return Version(
        segmentation_id=learner.job.name,
        model_no=registry.next_number(),
        version_id=identity_of(learner.job.name, learner.kind, content, run.as_of, sha256),
        kind_name=learner.kind,
        status_name=status,
        trained_as_of_date=run.as_of,
        k_count=candidate.segment_count,
        customer_count=rows.height,
        training_run_id=run.run_id,
        training_sha256=sha256,
        asked_json=_text({"identity": learner.asked, "parameters": said}),
        metrics_json=_text(candidate.metrics),
        base_model_no=past.number if past else None,
        kept_ids=kept,
        new_ids=came,
        retired_ids=gone,
        moved_count=candidate.moved_count,
        # The gates say what they would do by themselves.
        reason=candidate.reason.removeprefix("adopted: ") if status == "waiting" else candidate.reason,
    )


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
