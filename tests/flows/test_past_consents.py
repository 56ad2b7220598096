"""Dates that are published together are each checked by the consents of their own day."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import yaml

from tests.flows.backfilled import order_lines, without_checks
from tests.flows.test_cli import resegment
from tests.workspaces import small_workspace

_RANGE = ("--from", "2025-05-31", "--to", "2025-06-30")
# Everybody may be written to in May, and one of them no more in June.
CONSENTS = (
    "customer,purpose,channel,decision,at\n"
    + "".join(f"c{number:02},marketing,*,yes,2024-01-01 10:00:00\n" for number in range(40))
    + "c03,Marketing,E-Mail,no,2025-06-10 10:00:00\n"
)


def write(folder: Path) -> None:
    tree: dict[str, object] = small_workspace() | {
        "segmentations": {
            "everybody": {
                "kind": "rules",
                "basis": "value",
                "segments": [{"id": "all", "name": "All", "when": "order_count > 0"}],
                "treatments": {"all": {"channel": "email", "message": "Come again"}},
            }
        },
    }
    sources = dict(tree["sources"])  # type: ignore[call-overload]
    sources["consents"] = {
        "entity": "consents",
        "format": "csv",
        "path": "consents.csv",
        "columns": {
            "customer_id": "customer",
            "purpose_name": "purpose",
            "channel_name": "nullif(replace(lower(channel), '-', ''), '*')",
            "is_given": "decision = 'yes'",
            "decided_at": '"at"',
        },
    }
    tree["sources"] = sources
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    (folder / "orders.csv").write_text(order_lines(random.Random(5), 150))  # noqa: S311 - a world, no secret
    (folder / "consents.csv").write_text(CONSENTS)


def test_a_consent_that_was_withdrawn_since_stops_no_earlier_date(tmp_path: Path) -> None:
    write(tmp_path)
    with without_checks():
        resegment("backfill", *_RANGE, "--every", "1mo", "--hold", "--reason", "first history", cwd=tmp_path)
    done = resegment("backfill", "accept", "--because", "looked at", cwd=tmp_path)
    assert done.stdout.startswith("backfill 1: published")
    partitions = sorted((tmp_path / "out" / "published" / "customer_treatment").glob("*/*.parquet"))
    before = [path.read_bytes() for path in partitions]
    assert len(before) == 2
    shutil.rmtree(tmp_path / "out" / "published")
    assert "published anew" in resegment("rebuild", "--yes", cwd=tmp_path).stdout
    assert [path.read_bytes() for path in partitions] == before
