"""Who was erased and is brought back by a backup, where the warehouse is made anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.flows.forgotten import HIM, command, places_of


def test_a_rebuild_erases_again_whom_a_backup_brought_back_and_tells_what_may_hold_him(
    company: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "company"
    shutil.copytree(company, folder)
    output = folder / "out"
    command(folder, "forget", HIM, "--yes", "--reason", "request 4711")

    shutil.copy(company / "out" / "warehouse.duckdb", output / "warehouse.duckdb")
    done = json.loads(command(folder, "rebuild", "--yes", "--json", "--quiet"))
    assert (done["erased_since_count"], done["erased_again_count"]) == (1, 0)
    kept = Path(done["kept_as"])
    assert {place.split(" ")[0] for place in places_of(output)} == {kept.name}

    # As a backup of the two folders is restored, with the newest list and key beside it.
    for path in (kept, output / "warehouse.duckdb"):
        path.unlink()
    for name in ("copy", "published"):
        shutil.rmtree(output / name)
        shutil.copytree(company / "out" / name, output / name)
    told = command(folder, "rebuild", "--yes", "--quiet")
    assert "the copy was older than the list of erasures: 1 customer erased again" in told
    assert places_of(output) == []
    assert "nothing to do" in command(folder, "rebuild")
