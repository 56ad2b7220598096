"""Checks of segmentations that build on others, and of what clusters may be made of, before anything runs.

Owns: that what a segmentation builds on stands before it, and that sensitive features are allowed by name. Does not own
the checks of rules and of kinds of features (`check.py`).
"""

from __future__ import annotations

from tasks.config.clusters import ClustersSegmentation
from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace
from tasks.warehouse.catalogue import Catalogue


def stands_before(workspace: Workspace, name: str, other: str, key: str) -> None:
    """Prove that a segmentation stands before another, and puts each customer into one segment.

    Args:
        workspace: the workspace.
        name: the later segmentation.
        other: the earlier one.
        key: below which the later one names it.

    Raises:
        WorkspaceError: it does not.
    """
    every = list(workspace.segmentations)
    before = every[: every.index(name)]
    where = workspace.line_of("segmentations", name, key)
    if other not in before:
        raise WorkspaceError(
            f"there is no segmentation {other!r} before this one",
            where=where,
            hint=f"`{key}` names one that stands above: {', '.join(before) or 'there is none'}",
        )
    if workspace.segmentations[other].is_multiple:
        raise WorkspaceError(
            f"the segmentation {other!r} puts a customer into several segments, expected one that puts him into one",
            where=where,
            hint=f"name one of `match: first` under `{key}`",
        )


def check_inside(workspace: Workspace, name: str, segmentation: ClustersSegmentation) -> None:
    """Prove that the segment whose members are divided can be there.

    Segments that are found in the data have no ids before a run; of them only the segmentation is proved.

    Raises:
        WorkspaceError: the segmentation does not stand before this one, or declares other segments.
    """
    if segmentation.inside is None:
        return
    parent, _, key = segmentation.inside.partition(".")
    stands_before(workspace, name, parent, "inside")
    declared = [segment.id for segment in workspace.segmentations[parent].declared_segments]
    if declared and key not in declared:
        raise WorkspaceError(
            f"the segmentation {parent!r} has no segment {key!r}",
            where=workspace.line_of("segmentations", name, "inside"),
            hint=f"its segments are {', '.join(sorted(declared))}",
        )


def check_sensitive(workspace: Workspace, catalogue: Catalogue, name: str, segmentation: ClustersSegmentation) -> None:
    """Prove that no feature that is computed from sensitive data divides customers unless it is allowed by name.

    Raises:
        WorkspaceError: one does.
    """
    for index, feature in enumerate(segmentation.features):
        found = catalogue.features.get(feature)
        if found is None or feature in segmentation.allow_sensitive:
            continue
        sensitive = [column for column in found.coarsens if not _is_declared_plain(workspace, column)]
        if sensitive:
            raise WorkspaceError(
                f"the feature {feature!r} is computed from {', '.join(sensitive)}, which is sensitive:"
                " clusters would divide customers by it unseen",
                where=workspace.line_of("segmentations", name, "features", index),
                hint=f"leave it out, or say `allow_sensitive: [{feature}]` where that is lawful and meant",
            )


def _is_declared_plain(workspace: Workspace, column: str) -> bool:
    """Whether the workspace says of every sensitive column of that name that it is plain."""
    said = [found for key, found in workspace.privacy.columns.items() if key.rpartition(".")[2] == column]
    return bool(said) and all(found == "plain" for found in said)
