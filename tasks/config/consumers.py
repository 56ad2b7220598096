"""Who relies on what is published: campaigns, exports, reports, other teams.

Owns: their shape. Does not own whether what they name is there (`tasks/plan/consumers.py`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tasks.config.features import Strict

#: A segmentation, a segment (``segmentation.segment``), a published table or its column (``published.table[.column]``).
Used = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,2}$")]


class Consumer(Strict):
    """Somebody or something that reads what is published, and breaks where it goes away."""

    name: str = Field(min_length=1, description="for people: the newsletter, the shop's home page, a report")
    owner: str = Field(min_length=1, description="who is told before it breaks")
    uses: list[Used] = Field(
        min_length=1,
        description="`segmentation`, `segmentation.segment`, `published.table` or `published.table.column`",
    )
