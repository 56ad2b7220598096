"""Between runs: fitting a challenger now, and deciding about versions.

Owns: `fit_now`, `fit_all`, `standings`, `decide`, and what may be decided. Does not own learning (`lifecycle.py`), what
follows from a decision (`registry.py`), or asking a person (`flows/refit.py`, `flows/model_commands.py`).

Everything here stands where the newest published run left off (`open_newest`), and holds the writer's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks.config.by_one_feature import CutsSegmentation, ValuesSegmentation
from tasks.config.clusters import ClustersSegmentation
from tasks.config.errors import ResegmentError, SqlError, StatisticsError, UsageError
from tasks.config.workspace import Workspace
from tasks.segments.cuts import CutsLearner
from tasks.segments.divide_clusters import ClusterLearner
from tasks.segments.division import Job
from tasks.segments.lifecycle import Learner, candidate_version, registry_for
from tasks.segments.registry import Registry, answers
from tasks.segments.stored_model import StoredModel
from tasks.segments.values import ValuesLearner
from tasks.segments.version import Version
from tasks.warehouse import model_ledger
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.model_ledger import DecisionName
from tasks.warehouse.run import Run

#: Who decides where the policy lets a challenger take over by itself.
POLICY = "policy"

Outcome = Literal["waits", "accepted", "refused", "known"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What became of a refit between runs.

    Attributes:
        version: the challenger.
        outcome: it waits for somebody's decision, was accepted by the policy, was refused by the gates, or is a version
            that there was already.
    """

    version: Version
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class NotFitted:
    """A segmentation of which nothing was learnt between runs, while others were.

    Attributes:
        segmentation: its name.
        reason: why, and what to do, in words.
        has_failed: whether learning failed; otherwise there is no model that a challenger could be held against.
    """

    segmentation: str
    reason: str
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A version as it was published, and as the next run will see it.

    Attributes:
        version: as the next run will see it.
        published: its status in the newest published run; None where that did not have it.
        content: what is in it; None where it was refused and is not kept.
    """

    version: Version
    published: str | None
    content: Mapping[str, Any] | None


def learning(workspace: Workspace) -> list[str]:
    """The segmentations that learn once and keep what they learnt."""
    return [
        name
        for name, segmentation in workspace.segmentations.items()
        if isinstance(segmentation, (ClustersSegmentation, ValuesSegmentation))
        or (isinstance(segmentation, CutsSegmentation) and segmentation.at is None)
    ]


def fit_now(run: Run, name: str) -> Fitted:
    """Fit a challenger to the features of the newest published run, and enter it into the ledger.

    Raises:
        UsageError: the segmentation learns nothing, has no model yet, or its definition has changed since that run.
        StatisticsError: nothing can be learnt from these customers.
    """
    try:
        learner = learner_of(run, name)
        registry = registry_for(learner)
        past = _comparable(run, learner, registry)
        candidate = learner.learn(past, f"learnt anew on {run.as_of}, as somebody asked for it")
        version = candidate_version(learner, registry, candidate, "waiting" if candidate.passes else "refused")
    except SqlError as error:
        raise UsageError(
            f"{name}: the features of the newest published run are not those of the workspace: {error.message}",
            where=run.workspace.line_of("segmentations", name),
            hint="run `resegment run` first",
        ) from error
    known = [one for one in registry.versions.values() if one.version_id == version.version_id]
    if known:
        still: dict[str, Outcome] = {"waiting": "waits", "refused": "refused"}
        return Fitted(known[0], still.get(known[0].status_name, "known"))
    model_ledger.register_challenger(run.warehouse, version.to_json(), candidate.content)
    if not candidate.passes:
        return Fitted(version, "refused")
    if learner.refit.accept == "by_hand":
        return Fitted(version, "waits")
    decide(run, name, version.model_no, "accept", by=POLICY, because=version.reason)
    return Fitted(version, "accepted")


def fit_all(run: Run, names: Sequence[str]) -> list[Fitted | NotFitted]:
    """Fit a challenger of each segmentation; one that cannot be fitted keeps no other from it.

    Raises:
        UsageError, StatisticsError: none could be fitted; the error is that of the first.
    """
    found: list[Fitted | NotFitted] = []
    errors: list[ResegmentError] = []
    for name in names:
        try:
            found.append(fit_now(run, name))
        except (UsageError, StatisticsError) as error:
            errors.append(error)
            reason = f"{error.message}; {error.hint}" if error.hint else error.message
            found.append(NotFitted(name, reason.removeprefix(f"{name}: "), isinstance(error, StatisticsError)))
    if errors and len(errors) == len(names):
        raise errors[0]
    return found


def standings(run: Run, name: str) -> list[Standing]:
    """Every version of a segmentation, by number.

    Raises:
        UsageError: the segmentation learns nothing.
    """
    registry = registry_for(learner_of(run, name))
    published = {row["version_id"]: str(row["status_name"]) for row in _published(run, name)}
    return [
        Standing(version, published.get(version.version_id), registry.content_of(version))
        for _, version in sorted(registry.versions.items())
    ]


def standing_of(run: Run, name: str, number: int) -> Standing:
    """One version of a segmentation.

    Raises:
        UsageError: there is none of that number.
    """
    found = standings(run, name)
    for one in found:
        if one.version.model_no == number:
            return one
    listed = ", ".join(str(one.version.model_no) for one in found) or "none: nothing was learnt yet"
    raise UsageError(f"{name} has no model {number}", hint=f"its versions are {listed}")


def decide(run: Run, name: str, number: int, decision: DecisionName, *, by: str, because: str) -> Version:
    """Enter a decision into the ledger; the next run follows it. Returns the version as that run will see it.

    Raises:
        UsageError: there is no such version, it cannot be decided so, or no reason is given.
    """
    if not because.strip() or not by.strip():
        missing = "--because" if not because.strip() else "--by"
        raise UsageError(f"{missing} is empty", hint="say who decides and why, for whoever reads the history")
    standing = standing_of(run, name, number)
    refusal = _refusal(run, standing, decision)
    if refusal is not None:
        raise UsageError(f"{name}: model {number} {refusal[0]}", hint=refusal[1])
    model_ledger.decide(
        run.warehouse,
        segmentation=name,
        model_no=number,
        version_id=standing.version.version_id,
        name=decision,
        as_of=run.as_of,
        by=by.strip(),
        because=because.strip(),
    )
    return standing_of(run, name, number).version


def _refusal(run: Run, standing: Standing, decision: DecisionName) -> tuple[str, str] | None:
    """Why a version cannot be decided so, and what to do instead; None where it can."""
    version = standing.version
    status, listing = version.status_name, f"see `resegment model list --segmentation {version.segmentation_id}`"
    # Whoever rejected a version may think better of it.
    decidable = {"accept": {"waiting", "rejected"}, "reject": {"waiting"}}
    if decision != "rollback" and status not in decidable[decision]:
        return f"does not wait for a decision, it is {status}", f"{_instead_of_deciding(version)}{listing}"
    if decision == "rollback":
        if status == "champion":
            return "is in use already", listing
        if version.champion_since_date is None:
            return f"was never in use, it is {status}", "`accept` takes one that waits; " + listing
    learner, content = learner_of(run, version.segmentation_id), standing.content
    is_other = content is not None and learner.asked_of(content) != learner.asked
    if decision != "reject" and (is_other or not answers(version, learner.asked)):
        return (
            "was learnt for another definition than the workspace has now",
            "change the segmentation back first; what would be learnt again otherwise is what is in use",
        )
    return None


def _instead_of_deciding(version: Version) -> str:
    """What to know, or to do, of a version that does not wait."""
    if version.status_name == "refused":
        return f"the gates refused it, and what is in it was not kept ({version.reason.removeprefix('kept: ')}); "
    if version.status_name == "retired" and version.champion_since_date is None:
        return "a newer one took its place before anybody decided; "
    return "`rollback` uses an earlier one again; " if version.champion_since_date else ""


def learner_of(run: Run, name: str) -> Learner:
    """How a segmentation learns, on the newest published run.

    Raises:
        UsageError: it learns nothing.
    """
    segmentation = run.workspace.segmentations.get(name)
    job = Job(run, catalogue_of(run), name)
    if isinstance(segmentation, ClustersSegmentation):
        return ClusterLearner(job, segmentation)
    if isinstance(segmentation, ValuesSegmentation):
        return ValuesLearner(job, segmentation)
    if isinstance(segmentation, CutsSegmentation) and segmentation.at is None:
        return CutsLearner(job, segmentation)
    listed = ", ".join(learning(run.workspace)) or "none"
    what = "learns nothing from data" if segmentation else "is no segmentation of this workspace"
    raise UsageError(f"{name} {what}, so it has no models", hint=f"segmentations with models: {listed}")


def _comparable(run: Run, learner: Learner, registry: Registry) -> StoredModel:
    """The champion, which today's definition still describes."""
    past, name = registry.champion, learner.job.name
    if past is None:
        raise UsageError(
            f"{name} has no model yet",
            hint="the next `resegment run` learns the first one; `resegment status` says why the last one could not",
        )
    if learner.asked_of(past.content) != learner.asked:
        raise UsageError(
            f"{name}: the definition has changed since {run.as_of}",
            where=run.workspace.line_of("segmentations", name),
            hint="the next `resegment run` learns anew by itself",
        )
    return past


def _published(run: Run, name: str) -> list[dict[str, Any]]:
    if not run.warehouse.table_exists("segments.model_version"):
        return []
    return run.warehouse.records(
        "SELECT version_id, status_name FROM segments.model_version"
        " WHERE run_id = $run_id AND segmentation_id = $name ORDER BY model_no",
        {"run_id": run.run_id, "name": name},
    )
