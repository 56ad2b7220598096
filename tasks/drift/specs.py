"""Which columns are compared from run to run, and how each is to be treated.

Owns: that choice. Does not own reading the columns (`reading.py`), or the tests.
"""

from __future__ import annotations

from tasks.config.clusters import ClustersSegmentation
from tasks.config.projected import ProjectedSegmentation
from tasks.drift.filling import is_of_all_history
from tasks.drift.policy import FeatureSpec
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run

CONFIDENCE = "confidence"
NEAR_BORDER = "borderline customers"


def specs_of(run: Run) -> dict[str, FeatureSpec]:
    """Columns that are compared, by name.

    Features that do not move by themselves; the segment of each segmentation that gives one; whether a customer is in a
    segment, where he may be in several; and how clearly he is in his, where that is a matter of degree.
    """
    catalogue = catalogue_of(run)
    specs = {
        name: FeatureSpec(
            name,
            "numeric" if column.kind == "number" else column.kind,
            is_calendar_driven=column.is_calendar_driven,
            is_history=is_of_all_history(run.workspace, catalogue, name),
        )
        for name, column in catalogue.features.items()
        if column.kind in {"number", "flag", "category"} and not (column.is_cumulative or column.is_external)
    }
    single = run.workspace.single_membership
    specs |= {name: FeatureSpec(name, "segment") for name in single}
    for name, segmentation in run.workspace.segmentations.items():
        if name not in single:
            for segment in segmentation.declared_segments:
                column = f"{name}.{segment.id}"
                specs[column] = FeatureSpec(column, "flag", subject_kind="segment_size")
        elif isinstance(segmentation, ClustersSegmentation | ProjectedSegmentation) and not any(
            # A model of what grows with history fits less well from run to run; the audit says so.
            catalogue.features[feature].moves_by_itself
            for feature in segmentation.features
        ):
            specs |= {spec.name: spec for spec in _fit_specs(name, isinstance(segmentation, ClustersSegmentation))}
    return specs


def _fit_specs(name: str, has_distance: bool) -> list[FeatureSpec]:  # noqa: FBT001 - one of two kinds
    parts = [CONFIDENCE, NEAR_BORDER, *(["distance to the centre"] if has_distance else [])]
    return [
        FeatureSpec(
            f"{name}: {part}",
            "flag" if part == NEAR_BORDER else "numeric",
            subject_kind="fit",
            subject_name=name,
            part_name=part,
        )
        for part in parts
    ]
