"""The workspace: what `resegment.yaml` may say.

Owns: the sections and what can be proved of them without data. Does not own reading the file (`loading.py`) or the
segmentations (`segmentations.py`).
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from tasks.config.alerts import AlertPolicy
from tasks.config.audit import AuditPolicy
from tasks.config.calendar import Calendar, DayName
from tasks.config.comments import Comments
from tasks.config.consumers import Consumer
from tasks.config.contacts import Contacts
from tasks.config.databases import Database
from tasks.config.drift import DriftPolicy
from tasks.config.errors import UsageError
from tasks.config.features import Features, Key, Strict, Text
from tasks.config.observe import ObservePolicy
from tasks.config.predictions import Predictions
from tasks.config.privacy import KEY_PATH, PrivacyPolicy
from tasks.config.projected import ProjectedSegmentation
from tasks.config.pseudonym import fingerprint
from tasks.config.publishing import PublishPolicy
from tasks.config.resolving import Resolved, resolve
from tasks.config.schedules import Schedules
from tasks.config.segmentations import Segmentation
from tasks.config.sources import Source
from tasks.config.template import NeededFeature, TemplateOfUse
from tasks.config.yaml_tree import line_of


class Generate(Strict):
    """Sources written by the seeded generator where they are absent or were made with other parameters."""

    into: str = Field(default="data", description="folder that the files are written to")
    customers: int = Field(default=2000, ge=100, le=10_000_000, description="how many customers the company has")
    seed: int = Field(default=20250630, ge=0, description="another seed makes another company")


class Engine(Strict):
    """What DuckDB may use."""

    memory_limit: str = Field(
        default="4GB",
        pattern=r"^\d+(\.\d+)?\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$",
        description="what does not fit goes to disk, in the output folder",
    )
    threads: int | None = Field(default=None, ge=1, le=256, description="null: all cores")
    incremental: bool = Field(
        default=True, description="recompute only what new data can change; false: everything, with the same result"
    )


class QualityPolicy(Strict):
    """When a run stops before publishing."""

    max_quarantined_share: float = Field(default=0.02, ge=0, le=1, description="of the rows of one source; above: stop")
    expectations: str | None = Field(default=None, description="folder of the workspace's own suites")
    owner: str = Field(default="data team", min_length=1, description="works on failures of suites that name nobody")
    control_tolerance: float = Field(
        default=0.005, ge=0, le=1, description="how far a day may be from its control total, as a share of the total"
    )


#: Sections that say nothing that could change a result.
_WITHOUT_EFFECT = {"output", "engine", "as_of", "publish", "generate", "consumers", "alerts", "calendar", "schedules"}
_WITHOUT_EFFECT |= {"observe", "databases"}


def _maps_labels(sources: Mapping[str, Source]) -> bool:
    return any(source.entity == "labelled_comments" for source in sources.values())


def _keys(value: Any) -> Any:  # noqa: ANN401 - a tree of settings
    if isinstance(value, dict) and value:
        return {key: _keys(item) for key, item in value.items()}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return {str(place): _keys(item) for place, item in enumerate(value)}
    return True


class Workspace(Strict):
    """A whole `resegment.yaml`."""

    name: str = Field(min_length=1, description="what the runs and the report are called")
    description: str = Field(default="", description="for the report")
    as_of: dt.date | DayName = Field(default="today", description="the day described, in the calendar's time zone")
    calendar: Calendar = Calendar()
    schedules: Schedules = Schedules()
    output: Text = Field(default="out", description="folder that is written to")
    generate: Generate | None = None
    engine: Engine = Engine()
    databases: dict[Key, Database] = Field(default_factory=dict, description="that sources may be read from")
    sources: dict[Key, Source] = Field(min_length=1)
    features: Features = Features()
    comments: Comments = Comments()
    predictions: Predictions = Field(default_factory=dict, description="what customers will do, as features")
    quality: QualityPolicy = QualityPolicy()
    privacy: PrivacyPolicy = PrivacyPolicy()
    segmentations: dict[Key, Segmentation] = Field(min_length=1, description="ways of dividing the customers")
    contacts: Contacts = Contacts()
    drift: DriftPolicy = DriftPolicy()
    audit: AuditPolicy = AuditPolicy()
    publish: PublishPolicy = PublishPolicy()
    alerts: AlertPolicy = AlertPolicy()
    observe: ObservePolicy = ObservePolicy()
    consumers: dict[Key, Consumer] = Field(
        default_factory=dict, description="who relies on what is published; `resegment plan` says whom an edit breaks"
    )

    @field_validator("sources")
    @classmethod
    def _in_databases_that_are_there(cls, sources: dict[str, Source], info: ValidationInfo) -> dict[str, Source]:
        known = info.data.get("databases", {})
        for name, source in sources.items():
            if source.database is not None and source.database not in known and "databases" in info.data:
                near = difflib.get_close_matches(source.database, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known) or 'none'}"
                message = f"{name}: there is no database {source.database!r}; {hint}"
                raise ValueError(message)
        return sources

    @field_validator("audit")
    @classmethod
    def _accepts_what_is_there(cls, audit: AuditPolicy, info: ValidationInfo) -> AuditPolicy:
        segmentations = info.data.get("segmentations", {})
        for one in audit.accepted:
            if segmentations and one.segmentation not in segmentations:
                near = difflib.get_close_matches(one.segmentation, segmentations, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(segmentations)}"
                message = f"accepted: there is no segmentation {one.segmentation!r}; {hint}"
                raise ValueError(message)
        return audit

    @field_validator("comments")
    @classmethod
    def _has_labels(cls, comments: Comments, info: ValidationInfo) -> Comments:
        if not _maps_labels(info.data.get("sources", {})):
            message = "no source maps to labelled_comments, which the models would learn from"
            raise ValueError(message)
        return comments

    _directory: Path = PrivateAttr(default=Path())
    _lines: dict[tuple[str | int, ...], str] = PrivateAttr(default_factory=dict)
    _needed_features: tuple[NeededFeature, ...] = PrivateAttr(default=())
    _templates: dict[str, TemplateOfUse] = PrivateAttr(default_factory=dict)

    @property
    def directory(self) -> Path:
        """The folder that paths are relative to."""
        return self._directory

    def day(self, now: dt.datetime) -> dt.date:
        """The day that a run without a date of its own describes at a moment, which has its zone."""
        return self.calendar.day(self.as_of, now) if isinstance(self.as_of, str) else self.as_of

    def day_described(self, asked: dt.date | None, now: dt.datetime) -> dt.date:
        """The day that a run describes: the one that was asked for, else the workspace's own.

        Raises:
            UsageError: it has not begun. Published, it would be the newest date for years, and each run of today one
                for the past.
        """
        day, today = asked or self.day(now), self.calendar.day("today", now)
        if day > today:
            raise UsageError(
                f"the as-of day {day} lies in the future, today is {today} ({self.calendar.timezone})",
                where=None if asked else self.line_of("as_of"),
                hint="give a day that has begun, as YYYY-MM-DD",
            )
        return day

    @property
    def learns_from_comments(self) -> bool:
        """Whether a source maps to labelled comments; without one there are no text models."""
        return _maps_labels(self.sources)

    @property
    def single_membership(self) -> list[str]:
        """Segmentations that put a customer in at most one segment."""
        return [name for name, segmentation in self.segmentations.items() if not segmentation.is_multiple]

    @cached_property
    def channels(self) -> dict[str, str]:
        """By channels as they are compared: as the first treatment on one spells it, for readers compare texts."""
        found: dict[str, str] = {}
        for segmentation in self.segmentations.values():
            for treatment in segmentation.treatments.values():
                if treatment.channel is not None and treatment.channel_key is not None:
                    found.setdefault(treatment.channel_key, treatment.channel.strip())
        return found

    @property
    def projections(self) -> dict[str, str]:
        """By segmentations that give the segments of another one to more customers: that other one."""
        return {
            name: segmentation.of
            for name, segmentation in self.segmentations.items()
            if isinstance(segmentation, ProjectedSegmentation)
        }

    @cached_property
    def resolved(self) -> dict[str, Resolved]:
        """Populations and rules in SQL, by segmentation.

        Raises:
            WorkspaceError: a rule refers to what is not there, or in a circle.
        """
        return resolve(self.segmentations, self.line_of)

    @property
    def needed_features(self) -> tuple[NeededFeature, ...]:
        """Features that templates ask for."""
        return self._needed_features

    def resolve(self, path: str) -> Path:
        """A path of the workspace file, made absolute."""
        return (self._directory / Path(path).expanduser()).resolve()

    def output_folder(self, given: str | None = None) -> Path:
        """Where runs write: the folder that was given, else the workspace's own."""
        return Path(given).expanduser().resolve() if given else self.resolve(self.output)

    def line_of(self, *keys: str | int) -> str:
        """``resegment.yaml:LINE`` of a key, or of its nearest parent that the file has."""
        return line_of(self._lines, keys, "resegment.yaml")

    def pseudonym_key(self) -> bytes | None:
        """The key that customer ids are hashed with; None where they stay as they are.

        Raises:
            WorkspaceError: they are to be hashed, and the key is missing or too short.
        """
        return self.privacy.usable_key(self.line_of(*KEY_PATH)) if self.privacy.pseudonymise else None

    def key_fingerprint(self) -> str | None:
        """What tells the key from others; None where ids stay as they are. Raises as `pseudonym_key` does."""
        key = self.pseudonym_key()
        return None if key is None else fingerprint(key)

    def said(self) -> dict[str, Any]:
        """What the workspace says that can change a result: not of folders, memory, names of files or people."""
        said = self.model_dump(mode="json", exclude=_WITHOUT_EFFECT)
        # The key is no part of it: `key_fingerprint` is, where ids are hashed.
        said["privacy"].pop("key")
        # Of the calendar these alone change what is found.
        if telling := {
            name for name in ("seasons", "timezone") if getattr(self.calendar, name) != getattr(Calendar(), name)
        }:
            said["calendar"] = self.calendar.model_dump(mode="json", include=telling)
        for source in said["sources"].values():
            source["path"] = source["database"] = None
            if source["timezone"] is None:
                del source["timezone"]
            for lookup in source["lookups"].values():
                lookup["path"] = None
        return said

    def written(self) -> dict[str, Any]:
        """Which settings stand in the file, as keys without values, and by which template segmentations are made.

        The others are defaults, which another version of the program may have others of.
        """
        settings = self.model_dump(mode="json", exclude=_WITHOUT_EFFECT - {"calendar"}, exclude_unset=True)
        return {
            "settings": _keys(settings),
            "templates": {name: use._asdict() for name, use in self._templates.items()},
        }

    def digest(self) -> str:
        """SHA-256 of what it says. Two runs in two folders on the same files therefore have the same run id."""
        return hashlib.sha256(json.dumps(self.said(), sort_keys=True).encode()).hexdigest()
