"""Whether what consumers rely on is there, and what an edit would make of it.

Owns: both answers. Does not own the section of the workspace (`tasks/config/consumers.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from tasks.config.counting import counted
from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace
from tasks.plan.records import Broken, SegmentationPlan, SegmentPlan, Severity
from tasks.warehouse.models import SqlModel, load_models

_PUBLISHED = "published"


def published_columns(workspace: Workspace, as_of: object) -> dict[str, list[str]]:
    """Columns of every published table, by its name."""
    values = {"current_run": "''", "current_as_of": "DATE '2000-01-01'", "listed_runs": "''", "runs_until": "''"}
    models: Sequence[SqlModel] = load_models(
        _PUBLISHED,
        as_of=as_of,  # type: ignore[arg-type]
        features=workspace.features,
        extra=workspace.directory / "sql",
        values=values,
    )
    return {model.table: [column.name for column in model.columns] for model in models}


def check_consumers(workspace: Workspace, tables: Mapping[str, Sequence[str]]) -> int:
    """Prove that what consumers name is there, as far as that can be told without data; returns how many they are.

    Segments that are found in the data (clusters, values, projected ones) are known once they have been computed.

    Raises:
        WorkspaceError: a consumer names nothing; the line and the nearest name are told.
    """
    known = _names(workspace, tables)
    for key, consumer in workspace.consumers.items():
        for index, use in enumerate(consumer.uses):
            if use in known or _is_of_the_data(workspace, use):
                continue
            near = difflib.get_close_matches(use, sorted(known), n=1)
            raise WorkspaceError(
                f"the consumer {key!r} uses {use!r}, which is no segmentation, segment, published table or column",
                where=workspace.line_of("consumers", key, "uses", index),
                hint=f"did you mean {near[0]!r}?" if near else "write segmentation.segment or published.table.column",
            )
    return len(workspace.consumers)


def affected_consumers(
    workspace: Workspace, tables: Mapping[str, Sequence[str]], planned: Sequence[SegmentationPlan]
) -> list[Broken]:
    """Of every consumer, what would be gone or mean something else."""
    found = []
    for key, consumer in workspace.consumers.items():
        for index, use in enumerate(consumer.uses):
            problem = _problem(use, tables, planned)
            if problem is not None:
                where = workspace.line_of("consumers", key, "uses", index)
                found.append(Broken(consumer.name, consumer.owner, use, *problem, where))
    return found


def _names(workspace: Workspace, tables: Mapping[str, Sequence[str]]) -> set[str]:
    names = set(workspace.segmentations)
    names |= {f"{name}.{part.id}" for name, item in workspace.segmentations.items() for part in item.declared_segments}
    names |= {f"{_PUBLISHED}.{table}" for table in tables}
    return names | {f"{_PUBLISHED}.{table}.{column}" for table, columns in tables.items() for column in columns}


def _is_of_the_data(workspace: Workspace, use: str) -> bool:
    name, dot, _ = use.partition(".")
    return bool(dot) and name in workspace.segmentations and not workspace.segmentations[name].declared_segments


def _problem(
    use: str, tables: Mapping[str, Sequence[str]], planned: Sequence[SegmentationPlan]
) -> tuple[Severity, str] | None:
    first, _, rest = use.partition(".")
    if first == _PUBLISHED:
        table, _, column = rest.partition(".")
        if table not in tables:
            return "breaks", f"there would be no published table {table}"
        return None if not column or column in tables[table] else ("breaks", f"{table} would have no column {column}")
    segmentation = next((item for item in planned if item.name == first), None)
    if segmentation is None:
        return "names nothing", "there is no such segmentation, as published or by the edit"
    if not rest or segmentation.status == "gone":
        return _of_segmentation(segmentation)
    segment = next((item for item in segmentation.segments if item.segment_id == use), None)
    if segment is None:
        return "names nothing", "there is no such segment, as published or by the edit"
    return _of_segment(segment, segmentation)


def _of_segmentation(segmentation: SegmentationPlan) -> tuple[Severity, str] | None:
    if segmentation.status == "gone":
        return "breaks", "the segmentation would be retired"
    gone = [item.segment_id for item in segmentation.segments if item.status == "gone"]
    if gone:
        return "breaks", f"segments would be retired: {', '.join(gone)}"
    if segmentation.status != "changed":
        return None
    redefined = [item.segment_id for item in segmentation.segments if _means_otherwise(item)]
    if redefined:
        return "changes", f"the meaning would change of {', '.join(redefined)}"
    return (
        ("changes", f"{counted(segmentation.moved_count, 'customer')} would move") if segmentation.moved_count else None
    )


def _of_segment(segment: SegmentPlan, segmentation: SegmentationPlan) -> tuple[Severity, str] | None:
    if segment.status == "gone":
        return "breaks", f"the segment would be retired{_heir(segment, segmentation)}"
    if _means_otherwise(segment):
        return "changes", (
            f"its meaning would change ({', '.join(segment.changed)}): {segment.entered_count:,} customers come in,"
            f" {segment.left_count:,} go out of {segment.before_count:,}"
        )
    if segment.entered_count or segment.left_count:
        return "changes", f"{counted(segment.entered_count, 'customer')} would come in, {segment.left_count:,} go out"
    return None


def _means_otherwise(segment: SegmentPlan) -> bool:
    return segment.status == "changed" and bool({"rule", "population"} & set(segment.changed))


def _heir(segment: SegmentPlan, segmentation: SegmentationPlan) -> str:
    """Where most of its customers would be: a renamed segment is one that is gone and one that is new."""
    flows = [flow for flow in segmentation.flows if flow.from_segment_id == segment.segment_id]
    if not flows or not segment.before_count or flows[0].to_segment_id is None:
        return ""
    share = flows[0].customer_count / segment.before_count
    is_new = any(item.segment_id == flows[0].to_segment_id and item.status == "new" for item in segmentation.segments)
    renamed = "; was it renamed? ids are permanent" if is_new else ""
    return f"; {share:.0%} of its customers would be in {flows[0].to_segment_id}{renamed}"
