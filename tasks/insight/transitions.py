"""What became of each segment between two runs: survived, split, merged, vanished, or emerged.

Owns: the transitions of MONIC (Spiliopoulou, Ntoutsi, Theodoridis and Schult, KDD 2006) and their bootstrap
confirmation, for any segmentation. Does not own: the migration of single customers, which is the table this module
is given, or the ids (`tasks/segments/identity.py`).

Overlap of parent X with child Y is |X and Y| / |X| over the customers of both runs. Where the paper leaves a choice:
a child counts towards a split only if the parent is its main source and no other parent holds on to it. Without that, a
fifth of a segment moving over into a neighbour that lives on would be called a split, and it is a migration.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    _Crossed = tuple[list[str], list[str], Counts]

Kind = Literal["survive", "split", "merge", "vanish", "emerge"]
_ORDER: tuple[Kind, ...] = ("split", "merge", "vanish", "emerge", "survive")


@dataclass(frozen=True, slots=True)
class TransitionPolicy:
    """Thresholds of MONIC and of the confirmation.

    Attributes:
        survive: least overlap of a survivor, of a merging parent, and of all children of a split together.
        split: least overlap of each child of a split.
        resamples: multinomial resamples of the table.
        confirmation: least share of resamples that must show the same event.
        seed: seed of the resamples.
    """

    survive: float = 0.5
    split: float = 0.2
    resamples: int = 200
    confirmation: float = 0.8
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """One event.

    Attributes:
        kind: what happened.
        parents: segments of the earlier run, in order of id; empty for `emerge`.
        children: segments of the later run, in order of id; empty for `vanish`.
        overlaps: for each (parent, child) of the event, the share of the parent's common customers now in the child.
        support: share of resamples that show the same event.
        confirmed: whether support reaches the policy's confirmation.
        sentence: the event in words.
    """

    kind: Kind
    parents: tuple[str, ...]
    children: tuple[str, ...]
    overlaps: tuple[float, ...]
    support: float
    confirmed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class _Event:
    kind: Kind
    parents: tuple[int, ...]
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Rules:
    """Thresholds, which rows and columns are no segment that anything becomes of, and which are of the same id."""

    policy: TransitionPolicy
    parents_apart: tuple[int, ...]
    children_apart: tuple[int, ...]
    same: tuple[tuple[int, int], ...]

    @classmethod
    def of(
        cls, policy: TransitionPolicy, parents: Sequence[str], children: Sequence[str], apart: Collection[str]
    ) -> _Rules:
        return cls(
            policy,
            tuple(i for i, key in enumerate(parents) if key in apart),
            tuple(j for j, key in enumerate(children) if key in apart),
            tuple((i, children.index(key)) for i, key in enumerate(parents) if key in children),
        )


def find_transitions(
    table: Mapping[tuple[str | None, str | None], int],
    *,
    policy: TransitionPolicy | None = None,
    apart: Collection[str] = (),
    since: Mapping[str, dt.date] | None = None,
) -> tuple[Transition, ...]:
    """Name the transitions between two runs.

    Args:
        table: customers per (segment in the earlier run, segment in the later run); None for customers that the run
            did not have. Entrants and leavers do not enter the overlaps, but a segment made of them alone emerges or
            vanishes.
        policy: thresholds; the defaults are those of the paper.
        apart: segments that are no group, such as the noise of a density model: whoever is there counts in the
            overlaps of others, and nothing becomes of them.
        since: by segment of the later run, the day that its customers in the table are counted from, where that is not
            the day of the earlier run.

    Returns:
        Splits, merges, vanished, emerged, survivors, each in order of id. Empty where the runs share no customer,
        because then nothing can be said.
    """
    policy = policy or TransitionPolicy()
    crossed = _crossed(table)
    parents, children, counts = crossed
    if counts[:-1, :-1].sum() == 0:
        return ()
    rules = _Rules.of(policy, parents, children, apart)
    support = _support(counts, rules)
    overlap = _overlap(counts)
    events = sorted(_events(counts, rules), key=lambda e: (_ORDER.index(e.kind), e.parents, e.children))
    return tuple(
        Transition(
            kind=event.kind,
            parents=tuple(parents[i] for i in event.parents),
            children=tuple(children[j] for j in event.children),
            overlaps=tuple(float(overlap[i, j]) for i in event.parents for j in event.children),
            support=support[event] / policy.resamples,
            confirmed=support[event] >= policy.confirmation * policy.resamples,
            sentence=_emerged(event.children[0], crossed, since or {})
            if event.kind == "emerge"
            else _sentence(event, overlap, parents, children),
        )
        for event in events
    )


def _crossed(table: Mapping[tuple[str | None, str | None], int]) -> _Crossed:
    """Segments then and now in order of id, and customers by both; the last row and column are those of None."""
    parents = sorted({old for (old, _), count in table.items() if old is not None and count > 0})
    children = sorted({new for (_, new), count in table.items() if new is not None and count > 0})
    counts = np.zeros((len(parents) + 1, len(children) + 1), dtype=np.int64)
    row_of: dict[str | None, int] = {key: i for i, key in enumerate(parents)} | {None: len(parents)}
    column_of: dict[str | None, int] = {key: i for i, key in enumerate(children)} | {None: len(children)}
    for (old, new), count in table.items():
        if count > 0:
            counts[row_of[old], column_of[new]] += count
    return parents, children, counts


def _support(counts: Counts, rules: _Rules) -> Counter[_Event]:
    """Resamples that show each event: customers drawn with replacement, which on a table is one multinomial draw."""
    rng = np.random.default_rng(rules.policy.seed)
    total = int(counts.sum())
    draws = rng.multinomial(total, counts.ravel() / total, size=rules.policy.resamples)
    seen: Counter[_Event] = Counter()
    for draw in draws:
        seen.update(_events(draw.reshape(counts.shape), rules))
    return seen


def _overlap(counts: Counts) -> NDArray[np.float64]:
    common = counts[:-1, :-1].astype(np.float64)
    size = common.sum(axis=1, keepdims=True)
    overlap: NDArray[np.float64] = np.divide(common, size, out=np.zeros_like(common), where=size > 0)
    return overlap


def _events(counts: Counts, rules: _Rules) -> list[_Event]:
    common = counts[:-1, :-1]
    overlap = _overlap(counts)
    strong = overlap >= rules.policy.survive
    strong[list(rules.parents_apart), :] = False
    strong[:, list(rules.children_apart)] = False
    events = [
        _Event("merge", tuple(np.flatnonzero(strong[:, j]).tolist()), (j,))
        for j in range(common.shape[1])
        if strong[:, j].sum() > 1
    ]
    merged = {i for event in events for i in event.parents}
    for i in range(common.shape[0]):
        if i in merged or i in rules.parents_apart:
            continue
        pieces = _pieces(i, common, overlap, strong, rules)
        if len(pieces) > 1 and overlap[i, pieces].sum() >= rules.policy.survive:
            events.append(_Event("split", (i,), pieces))
        elif strong[i].any():
            events.append(_Event("survive", (i,), (int(overlap[i].argmax()),)))
        elif counts[i].sum() > 0:
            events.append(_Event("vanish", (i,), ()))
    explained = {j for event in events for j in event.children}.union(rules.children_apart)
    # What a segment keeps where most of it went over to another is no birth: it is made of its own customers.
    kept = [(i, j) for i, j in rules.same if j not in explained and 2 * common[i, j] > counts[:, j].sum()]
    events += [_Event("survive", (i,), (j,)) for i, j in kept]
    explained.update(j for _, j in kept)
    events += [
        _Event("emerge", (), (j,)) for j in range(common.shape[1]) if j not in explained and counts[:, j].sum() > 0
    ]
    return events


def _pieces(
    parent: int, common: Counts, overlap: NDArray[np.float64], strong: NDArray[np.bool_], rules: _Rules
) -> tuple[int, ...]:
    """Children that could be pieces of a split parent."""
    held_by_other = np.delete(strong, parent, axis=0).any(axis=0)
    main_source = 2 * common[parent] > common.sum(axis=0)
    found = np.flatnonzero((overlap[parent] >= rules.policy.split) & ~held_by_other & main_source).tolist()
    return tuple(child for child in found if child not in rules.children_apart)


def _sentence(event: _Event, overlap: NDArray[np.float64], parents: Sequence[str], children: Sequence[str]) -> str:
    old = [parents[i] for i in event.parents]
    new = [children[j] for j in event.children]
    if event.kind == "survive":
        kept = overlap[event.parents[0], event.children[0]]
        goes_on = "goes on" if old == new else f"goes on as {new[0]}"
        return f"{old[0]} {goes_on}, with {kept:.0%} of its customers"
    if event.kind == "split":
        pieces = [f"{name} ({overlap[event.parents[0], j]:.0%})" for name, j in zip(new, event.children, strict=True)]
        return f"{old[0]} split into {_listed(pieces)}"
    if event.kind == "merge":
        sources = [f"{name} ({overlap[i, event.children[0]]:.0%})" for name, i in zip(old, event.parents, strict=True)]
        return f"{_listed(sources)} merged into {new[0]}"
    return f"{old[0]} vanished: {_destination(overlap[event.parents[0]], children)}"


def _emerged(child: int, crossed: _Crossed, since: Mapping[str, dt.date]) -> str:
    _, children, counts = crossed
    name, size = children[child], int(counts[:, child].sum())
    new = f"{int(counts[-1, child]) / size:.0%} of its {size:,} customers"
    told = f"{new} came after {since[name]}" if name in since else f"{new} are new"
    return f"{name} emerged: no earlier segment explains it; {told}"


def _destination(overlap: NDArray[np.float64], children: Sequence[str]) -> str:
    if overlap.sum() == 0:
        return "all of its customers left"
    most = int(overlap.argmax())
    return f"its customers dispersed, at most {overlap[most]:.0%} of them to one segment ({children[most]})"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
