"""Dividing customers: one segmentation of the workspace into memberships, definitions and, where it learns, a model.

Owns: which function divides by which kind. Does not own any kind.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.config.by_one_feature import CutsSegmentation, ValuesSegmentation
from tasks.config.clusters import ClustersSegmentation
from tasks.config.projected import ProjectedSegmentation
from tasks.config.segmentations import RfmSegmentation, RulesSegmentation
from tasks.segments.cuts import divide_by_cuts
from tasks.segments.divide_clusters import divide_by_clusters
from tasks.segments.divide_projected import divide_by_projection
from tasks.segments.division import Division, Job
from tasks.segments.rfm import divide_by_scores
from tasks.segments.rules import divide_by_rules
from tasks.segments.values import divide_by_values
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.run import Run


def divide_by(run: Run, catalogue: Catalogue, name: str, earlier: Mapping[str, Division]) -> Division:
    """Divide the customers of a run by one segmentation, into its temporary table.

    `earlier` are the segmentations that stand before it, which a projected one learns from.
    """
    job = Job(run, catalogue, name)
    match run.workspace.segmentations[name]:
        case RulesSegmentation() as segmentation:
            return divide_by_rules(job, segmentation)
        case RfmSegmentation() as segmentation:
            return divide_by_scores(job, segmentation)
        case ClustersSegmentation() as segmentation:
            return divide_by_clusters(job, segmentation)
        case CutsSegmentation() as segmentation:
            return divide_by_cuts(job, segmentation)
        case ValuesSegmentation() as segmentation:
            return divide_by_values(job, segmentation)
        case ProjectedSegmentation() as segmentation:
            return divide_by_projection(job, segmentation, earlier[segmentation.of])
