"""Which version of a segmentation's model is in use, and why: the versions of one lineage and the decisions on them.

Owns: `segments.model_version`, reading it as a run of some date may see it, and what follows from a decision. Does not
own learning (`lifecycle.py`) or the ledger of decisions (`tasks/warehouse/model_ledger.py`).

Each run takes the registry over from the run before it, adds what it learnt itself and what was fitted between runs,
and follows the decisions that the earlier run did not know. A run that is repeated after a decision about what it had
learnt learns the same version again, and then follows the decision: so decisions of its own date come after learning.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tasks.segments.stored_model import CLUSTERS, StoredModel
from tasks.segments.version import Status, Version, identity_of, ids_between
from tasks.warehouse import model_ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.model_ledger import Decision
from tasks.warehouse.run import Run

TABLE = "segments.model_version"
#: The keys of the segments that a model's content has.
KeysOf = Callable[[Mapping[str, Any]], Sequence[str]]


class Registry:
    """The versions of one segmentation as a run sees them; `champion` is the one in use."""

    def __init__(self, run: Run, name: str, kind: str, asked: Mapping[str, object], keys_of: KeysOf) -> None:
        """Read what the previous run left, and follow the decisions that were made since.

        Args:
            run: the run; with the previous run's date for its own, it stands where that run left off.
            name: the segmentation.
            kind: what it learns; a model of another kind is no champion.
            asked: what the workspace asks for by now; a decision for a version that answers something else is void.
            keys_of: keys of the segments in a content.
        """
        self._run, self._name, self._kind, self._asked, self._keys_of = run, name, kind, asked, keys_of
        self.versions: dict[int, Version] = {}
        self.champion: StoredModel | None = None
        #: What is in versions that came up in this run, by their ids.
        self.contents: dict[str, Mapping[str, Any]] = {}
        #: What decisions changed, in words: those from before this run, and those of its own date.
        self.followed_first: list[str] = []
        self.followed_last: list[str] = []
        #: What was said of the model on the date that is backfilled; None: it is told anew.
        self.live_note: str | None = None
        self.is_live = self._read_live()
        if not self.is_live:
            self._read(run.previous)
        seen_until = run.previous.as_of if run.previous else dt.date.min
        came = [] if self.is_live else model_ledger.challengers(run.warehouse, run.as_of, run.sees_until, name)
        challengers = [Version.from_row(row) for row in came]
        self._late = [one for one in challengers if one.trained_as_of_date > seen_until]
        self._add_fitted_between([one for one in challengers if one.trained_as_of_date <= seen_until])
        newest = max((one.decision_no or 0 for one in self.versions.values()), default=0)
        made = [] if self.is_live else model_ledger.decisions(run.warehouse, run.as_of, run.sees_until, name)
        due = [one for one in made if one.number > newest]
        self._late_decisions = [one for one in due if one.as_of > seen_until]
        self.followed_first = self._follow_all([one for one in due if one.as_of <= seen_until])

    @property
    def last_fit(self) -> dt.date | None:
        """The day of the newest fit, whatever became of it."""
        return max((one.trained_as_of_date for one in self.versions.values()), default=None)

    @property
    def rows(self) -> list[dict[str, object]]:
        """The rows of `segments.model_version`."""
        return [
            {field: getattr(version, field) for field in Version.__dataclass_fields__}
            for _, version in sorted(self.versions.items())
        ]

    def next_number(self) -> int:
        """The number of the next version."""
        return max(self.versions, default=0) + 1

    def add(self, version: Version, content: Mapping[str, Any] | None) -> None:
        """Enter a version that was learnt now; one that waits for a decision takes the place of any that waited."""
        if version.status_name == "waiting":
            self._retire("waiting")
        self.versions[version.model_no] = version
        if content is not None:
            self.contents[version.version_id] = content

    def enthrone(self, number: int, content: Mapping[str, Any], **decided: object) -> None:
        """Let a version take over from the champion.

        Args:
            number: of the version.
            content: what is in it.
            decided: fields of the version that the decision fills.
        """
        version, old = self.versions[number], self.champion
        self._retire("champion")
        said: dict[str, Any] = {"status_name": "champion", "champion_since_date": self._run.as_of, **decided}
        if old is not None:
            kept, came, gone = ids_between(self._keys_of(old.content), self._keys_of(content))
            said |= {"base_model_no": old.number, "kept_ids": kept, "new_ids": came, "retired_ids": gone}
        self.versions[number] = replace(version, **said)
        self.champion = StoredModel(number, version.trained_as_of_date, content)

    def overtake(self, number: int, content: Mapping[str, Any]) -> None:
        """Let a version take over, and whatever waited with it wait no longer."""
        self._retire("waiting")
        self.enthrone(number, content)

    def dethrone(self) -> None:
        """Nothing can be learnt and nothing that was learnt fits: no version is in use."""
        self._retire("champion")
        self.champion = None

    def go_on(self, content: Mapping[str, Any]) -> None:
        """Keep the champion, with what it remembers of refits by now."""
        if self.champion is not None:
            self.champion = StoredModel(self.champion.number, self.champion.trained, content)

    def finish(self) -> None:
        """After learning: enter what was fitted on this run's own features, and follow the decisions of its date."""
        self._add_fitted_between(self._late)
        self.followed_last = self._follow_all(self._late_decisions)

    def _follow_all(self, decisions: Sequence[Decision]) -> list[str]:
        """Follow decisions in their order; one on a version that this lineage has not got is about another past."""
        said = []
        for decision in decisions:
            found = [one for one in self.versions.values() if one.version_id == decision.version_id]
            said += [self._follow(one, decision) for one in found]
        return said

    def _follow(self, version: Version, decision: Decision) -> str:
        """Follow one decision; returns what it changed, in words."""
        number, decided, told = version.model_no, version.decided(decision), f"model {version.model_no}"
        if decision.name == "reject":
            status: Status = "rejected" if version.status_name == "waiting" else version.status_name
            self.versions[number] = replace(version, status_name=status, **decided)
            return f"{told} was rejected by {decision.by}: {decision.because}"
        content = self.content_of(version)
        if version.status_name == "champion":
            self.versions[number] = replace(version, **decided)
            return f"{told} stays, {decision.by}: {decision.because}"
        if content is None or not answers(version, self._asked):
            # It was possible when it was decided: the definition has changed since.
            self.versions[number] = replace(version, **decided)
            return f"{told} answers another definition by now, so the {decision.name} is void"
        self.enthrone(number, content, **decided)
        verb = "accepted" if decision.name == "accept" else "rolled back to"
        return f"{told} of {version.trained_as_of_date} {verb} by {decision.by}: {decision.because}"

    def content_of(self, version: Version) -> Mapping[str, Any] | None:
        """What is in a version; None where it was refused and is not kept."""
        known = self.contents.get(version.version_id)
        return known if known is not None else model_ledger.content_of(self._run.warehouse, version.version_id)

    def _retire(self, status: Status) -> None:
        for number, version in self.versions.items():
            if version.status_name == status:
                self.versions[number] = replace(version, status_name="retired")

    def _add_fitted_between(self, challengers: Sequence[Version]) -> None:
        """Enter versions that were fitted between runs, under their numbers where those are still free."""
        present = {one.version_id for one in self.versions.values()}
        for one in challengers:
            if one.version_id not in present:
                number = one.model_no if one.model_no not in self.versions else self.next_number()
                self.add(replace(one, model_no=number), None)

    def _read_live(self) -> bool:
        """Take the registry as it stood on the date that is backfilled; whether its champion answers today's question.

        What was decided or learnt since is not followed then, and nothing is learnt: that would be re-modelling.
        """
        self._read(self._run.backfill.live if self._run.backfill else None)
        used = None if self.champion is None else self.versions.get(self.champion.number)
        if used is not None and answers(used, self._asked):
            return True
        self.live_note = None
        self.versions, self.champion, self.contents = {}, None, {}
        return False

    def _read(self, past: Publication | None) -> None:
        """The registry of an earlier run, and the model that it used."""
        warehouse = self._run.warehouse
        if past is None or not warehouse.table_exists("segments.model"):
            return
        names = {"run_id": past.run_id, "name": self._name}
        where = " WHERE run_id = $run_id AND segmentation_id = $name ORDER BY model_no"
        if warehouse.table_exists(TABLE):
            rows = warehouse.records(f"SELECT * FROM {TABLE}" + where, names)
            self.versions = {row["model_no"]: Version.from_row(row) for row in rows}
        used = warehouse.records("SELECT * FROM segments.model" + where, names)
        for row in used:
            content = json.loads(row["model_json"])
            if content.get("kind", CLUSTERS) != self._kind:
                continue
            self.champion = StoredModel(row["model_no"], row["trained_as_of_date"], content)
            self.live_note = row["decision"] if past.as_of == self._run.as_of else None
            if row["model_no"] not in self.versions:
                self.add(_from_before(row, content), content)


def _from_before(row: Mapping[str, Any], content: Mapping[str, Any]) -> Version:
    """The version in use when there was no registry yet."""
    kind, name, trained = content.get("kind", CLUSTERS), row["segmentation_id"], row["trained_as_of_date"]
    return Version(
        segmentation_id=name,
        model_no=row["model_no"],
        version_id=identity_of(name, kind, content, trained, None),
        kind_name=kind,
        status_name="champion",
        trained_as_of_date=trained,
        k_count=row["k_count"],
        customer_count=None,
        training_run_id=None,
        training_sha256=None,
        asked_json=json.dumps({"identity": None}),
        metrics_json="{}",
        base_model_no=None,
        kept_ids="",
        new_ids="",
        retired_ids="",
        moved_count=None,
        reason=row["decision"],
        champion_since_date=trained,
    )


def answers(version: Version, asked: Mapping[str, object]) -> bool:
    """Whether a version was learnt for what is asked; yes, of one from before there was a registry."""
    then = version.asked["identity"]
    return then is None or bool(then == asked)
