"""What lies in `deploy/` is what its readers read: flows and parameters exist, files parse, units verify."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.automations import AutomationCore

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SAID = yaml.safe_load((DEPLOY / "prefect.yaml").read_text("utf-8"))
DEPLOYMENTS = SAID["deployments"]
UNITS = sorted((DEPLOY / "systemd").iterdir())


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: str(one["name"]))
def test_a_deployment_names_a_flow_and_its_parameters(deployment: dict[str, object]) -> None:
    module, name = str(deployment["entrypoint"]).removesuffix(".py").replace("/", ".").replace(".py:", ":").split(":")
    called = getattr(importlib.import_module(module), name)
    assert set(deployment["parameters"]) <= set(inspect.signature(called.fn).parameters)  # type: ignore[call-overload]
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    for schedule in deployment.get("schedules", []):  # type: ignore[attr-defined]
        assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: str(one["name"]))
def test_a_deployment_is_called_by_its_workspace(deployment: dict[str, object]) -> None:
    """The server knows it by its name alone: the same for two workspaces, it would run the second of them only."""
    assert str(deployment["name"]).startswith("{{ $RESEGMENT_NAME }}-")
    assert "{{ $RESEGMENT_NAME }}" in deployment["tags"]  # type: ignore[operator]


@pytest.mark.parametrize("missing", ["RESEGMENT_NAME", "RESEGMENT_WORKSPACE", "RESEGMENT_CODE"])
def test_nothing_is_deployed_without_what_names_it(missing: str) -> None:
    ((step,),) = [list(one.values()) for one in SAID["build"]]
    given = {"RESEGMENT_NAME": "shop", "RESEGMENT_WORKSPACE": "/srv/shop", "RESEGMENT_CODE": "/code"}
    told = {}
    for environment in (given, {name: value for name, value in given.items() if name != missing}):
        done = subprocess.run(
            shlex.split(step["script"]),
            env=environment | {"PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
        )
        told[len(environment)] = (done.returncode, done.stderr)
    assert told[3] == (0, "")
    assert told[2][0] != 0
    assert f"{missing}: set it to" in told[2][1]


def test_automations_are_such_as_a_server_takes() -> None:
    automations = yaml.safe_load((DEPLOY / "automations.yaml").read_text("utf-8"))["automations"]
    assert [AutomationCore.model_validate(one).name for one in automations] == [one["name"] for one in automations]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_verify(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    told = [line for line in (done.stdout + done.stderr).splitlines() if "is not executable" not in line]
    assert told == []


def test_compose_and_values_parse_and_hold_no_secret() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    assert set(compose["services"]) == {"database", "server", "worker"}
    assert compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    dockerfile = DEPLOY.parent / compose["services"]["worker"]["build"]["dockerfile"]
    copied = re.findall(r"^COPY (?!--from)(\S+) ", dockerfile.read_text("utf-8"), re.MULTILINE)
    assert all((DEPLOY.parent / name).exists() for name in copied)
    # A machine that starts again has all of it again; and the worker is told what the workspace takes from outside.
    assert all(service["restart"] == "unless-stopped" for service in compose["services"].values())
    (secrets,) = compose["services"]["worker"]["env_file"]
    assert f"deploy/{secrets['path']}" in (DEPLOY.parent / ".gitignore").read_text("utf-8").split()
    values = yaml.safe_load((DEPLOY / "kubernetes" / "worker-values.yaml").read_text("utf-8"))
    template = json.loads(values["worker"]["config"]["baseJobTemplate"]["configuration"])
    asked = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(template["job_configuration"])))
    assert asked == set(template["variables"]["properties"])


def test_jobs_run_the_command_of_prefect_and_not_that_of_the_image() -> None:
    """What Prefect gives as arguments is a whole command, which the image would take for arguments of `resegment`."""
    assert 'ENTRYPOINT ["resegment"]' in (DEPLOY / "Dockerfile").read_text("utf-8")
    values = yaml.safe_load((DEPLOY / "kubernetes" / "worker-values.yaml").read_text("utf-8"))
    template = json.loads(values["worker"]["config"]["baseJobTemplate"]["configuration"])
    (container,) = template["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == "{{ command }}"
    assert container["command"] == ["/usr/bin/env"]


def test_the_image_holds_the_program_and_no_data() -> None:
    lines = (DEPLOY.parent / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    let_in = {pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")}
    assert all((DEPLOY.parent / name).exists() for name in let_in)
    said = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))
    wheel = said["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], said["project"]["readme"], *said["project"]["license-files"]}
    assert let_in == needed | {"pyproject.toml", "requirements.lock", "deploy/prefect.yaml"}
