"""Many drawn histories, of which the suite goes through one each, to spare it minutes.

Of what is computed from changes alone: does it equal a build from scratch? Of deliveries and decisions about quarantined
rows in any order: is no row lost, does none count twice, and does the past stay as it was? It ends at the first
history that is otherwise, and tells its seed. Run it with
`python -m tests.benchmarks.drawn_histories [HISTORIES [FIRST_SEED]]`.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from flows.embedded import prepare_environment

prepare_environment()

from tasks.config.loading import load_workspace  # noqa: E402
from tasks.config.workspace import Workspace  # noqa: E402
from tasks.warehouse.run import Run, open_run  # noqa: E402
from tests.unit.ingest import drawn_orders  # noqa: E402
from tests.unit.warehouse import drawn_deliveries  # noqa: E402
from tests.workspaces import AS_OF, ORDERS, small_workspace  # noqa: E402


def in_any_order(folder: Path, seed: int) -> int:
    """One order of deliveries and decisions; returns how often rows were worked off."""
    space_folder = folder / "workspace"

    def make(*overrides: str) -> Workspace:
        space_folder.mkdir(exist_ok=True)
        (space_folder / "orders.csv").write_text(ORDERS)
        (space_folder / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False))
        return load_workspace(space_folder, overrides=overrides)

    @contextmanager
    def opened(space: Workspace, as_of: dt.date = AS_OF, known_as_of: dt.datetime | None = None) -> Iterator[Run]:
        with open_run(
            space, as_of=as_of, known_as_of=known_as_of, output=folder / "out", is_scratch=True
        ) as opened_run:
            yield opened_run

    return drawn_orders.walk(make, opened, seed)


def main(histories: int, first_seed: int) -> None:
    """Go through the histories and say how many there were."""
    logging.getLogger("resegment").setLevel(logging.ERROR)
    started = time.monotonic()
    computed = worked_off = 0
    for seed in range(first_seed, first_seed + histories):
        with tempfile.TemporaryDirectory() as folder:
            computed += drawn_deliveries.walk(Path(folder) / "changes", seed)
            (Path(folder) / "order").mkdir()
            worked_off += in_any_order(Path(folder) / "order", seed)
    print(  # noqa: T201 - what it is run for
        f"{histories} histories from seed {first_seed} on, {time.monotonic() - started:.0f} s:"
        f" {computed} tables computed from changes are as if built anew; rows were worked off {worked_off} times,"
        " and none was lost or counted twice"
    )


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [20, 0][len(given) :]))
