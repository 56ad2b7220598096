"""`deploy/local.py`: a real server and worker, the deployments of `prefect.yaml`, a run that publishes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.flows.test_cli import resegment, write

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "local.py"


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=environment | {"PYTHONPATH": str(SCRIPT.parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_a_worker_publishes_what_a_deployment_says(tmp_path: Path) -> None:
    write(tmp_path / "shop")
    done = _run("--workspace", tmp_path / "shop", "--home", tmp_path / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in (
        "scheduled refresh/shop-daily",
        "scheduled refresh/shop-weekly",
        "refresh/shop-by-hand",
        "backfill/shop-by-hand",
        "forget/shop-by-hand",
        "refit/shop-monthly",
        "check quality/shop-quality",
        "check alerts/shop-alerts",
    ):
        assert f"Deployment '{name}' successfully created" in " ".join(done.stdout.split())
    assert "Flow run finished successfully" in done.stdout
    assert "published as of 2025-06-30" in resegment("status", cwd=tmp_path / "shop").stdout


def test_a_folder_without_a_workspace(tmp_path: Path) -> None:
    done = _run("--workspace", tmp_path)
    assert done.returncode == 2
    assert f"{tmp_path} holds no resegment.yaml" in done.stderr
