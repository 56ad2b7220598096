"""The comments section of a workspace: what text models of comments must be able to do before they are believed.

Owns: its settings. Does not own where labelled comments lie (they are a source of the entity `labelled_comments`) or
the models (`tasks/comments`).
"""

from __future__ import annotations

from pydantic import Field

from tasks.config.features import Strict


class Comments(Strict):
    """How sentiment and theme of comments are learnt from the sources of `labelled_comments`."""

    min_confidence: float = Field(
        default=0.6, gt=0, lt=1, description="calibrated probability below which a sentiment or theme is unknown"
    )
    min_labelled: int = Field(
        default=200, ge=20, description="labelled comments that a model needs; with fewer, none is fitted"
    )
    min_per_label: int = Field(
        default=20, ge=10, description="different comments that a label needs; a rarer one is not learnt"
    )
    seed: int = Field(default=0, ge=0, description="deals the labelled comments into the folds of cross-validation")
