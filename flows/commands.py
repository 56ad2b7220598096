"""What each command does: find the workspace, call a flow or read the tables, print.

Owns: the commands. Does not own their arguments (`arguments.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import getpass
import json
import os
import re
import shutil
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from flows import console
from flows.embedded import embedded_prefect
from tasks.config.counting import counted
from tasks.config.errors import DriftAlarm, UsageError
from tasks.config.loading import FILE_NAME, load_workspace
from tasks.config.schema import workspace_schema
from tasks.config.shipped import shipped
from tasks.config.workspace import Workspace
from tasks.warehouse.run import OutputPaths
from tasks.warehouse.summary import RunSummary

DEMO_FOLDER = "resegment-demo"
#: Month ends of the demo: before, at and after the change that is planted in it.
DEMO_DATES = (dt.date(2025, 4, 30), dt.date(2025, 5, 31), dt.date(2025, 6, 30))


def run(options: argparse.Namespace) -> int:
    """`resegment run`."""
    console.show_progress(quiet=options.quiet)
    folder = workspace_folder(options)
    return _finish(
        _refresh(folder, options, as_of=options.as_of, known_as_of=options.known_as_of, data_docs=options.data_docs),
        options,
    )


def demo(options: argparse.Namespace) -> int:
    """`resegment demo`."""
    console.show_progress(quiet=options.quiet)
    folder = _write_demo(Path(options.directory))
    options.overrides = [
        f"generate.customers={options.customers}",
        f"generate.seed={options.seed}",
        *options.overrides,
    ]
    # Refused, if it is, before the file says it.
    asked = load_workspace(folder, overrides=options.overrides).generate
    if asked is not None:
        _say(folder / FILE_NAME, {"customers": asked.customers, "seed": asked.seed})
    summaries = [_refresh(folder, options, as_of=date) for date in DEMO_DATES]
    return _finish(summaries[-1], options)


def report(options: argparse.Namespace) -> int:
    """`resegment report`."""
    _, paths = opened(options)
    page = paths.report / "index.html"
    if not page.exists():
        raise UsageError("there is no report yet", where=str(page), hint="run `resegment run` first")
    if options.json:
        console.print_json({"report": str(page)})
    else:
        console.out.print(str(page))
    if options.open:
        webbrowser.open(page.as_uri())
    return 0


def validate(options: argparse.Namespace) -> int:
    """`resegment validate`."""
    from flows.validate import validate_workspace

    console.show_progress(quiet=True)
    folder = workspace_folder(options)
    counts = validate_workspace(load_workspace(folder, overrides=options.overrides))
    if options.json:
        console.print_json({"valid": True, **counts})
    else:
        said = ", ".join(counted(count, what.removesuffix("s")) for what, count in counts.items())
        console.out.print(f"{folder / FILE_NAME} is valid: {said}")
    return 0


def features(options: argparse.Namespace) -> int:
    """`resegment features`."""
    from flows.feature_list import features_of

    space, _ = opened(options)
    wanted = options.text.casefold()
    found = [
        feature
        for feature in features_of(space)
        if any(wanted in text.casefold() for text in (feature.name, feature.theme, feature.meaning))
    ]
    if options.json:
        console.print_json([dataclasses.asdict(feature) for feature in found])
        return 0
    console.print_table(
        ["theme", "feature", "type", "unit", "days", "moves by itself", "privacy", "owner", "meaning"],
        [
            [
                item.theme,
                item.name,
                item.type,
                item.unit_and_range,
                item.window_days,
                ", ".join(item.moves),
                item.privacy_class if not item.unseen_columns else f"{item.privacy_class}, not seen",
                item.owner,
                item.meaning.partition(";")[0],
            ]
            for item in found
        ],
        numbers=["days"],
    )
    return 0


def schema(options: argparse.Namespace) -> int:
    """`resegment schema`."""
    del options
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **workspace_schema()}
    console.out.print(json.dumps(document, indent=2), markup=False)
    return 0


def _refresh(
    folder: Path,
    options: argparse.Namespace,
    *,
    as_of: dt.date | None,
    known_as_of: dt.datetime | None = None,
    data_docs: bool = False,
) -> RunSummary:
    from flows.refresh import refresh

    with embedded_prefect():
        return refresh(
            workspace=str(folder),
            as_of=as_of,
            known_as_of=known_as_of,
            output=options.output,
            overrides=options.overrides,
            data_docs=data_docs,
        )


def _finish(summary: RunSummary, options: argparse.Namespace) -> int:
    if options.json:
        console.print_json(summary)
    else:
        console.print_summary(summary)
    if summary["exit_code_on_alarm"] and summary["drift_alarms"]:
        raise DriftAlarm(
            f"published, with {len(summary['drift_alarms'])} drift alarms; first: {summary['drift_alarms'][0]}",
            hint=f"see {summary['report']}",
        )
    return 0


def user_name() -> str:
    """The operating system's user; a container may have no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def opened(options: argparse.Namespace) -> tuple[Workspace, OutputPaths]:
    """The workspace that a command is about, and its output folder."""
    space = load_workspace(workspace_folder(options), overrides=options.overrides)
    return space, OutputPaths(space.output_folder(options.output))


def workspace_folder(options: argparse.Namespace) -> Path:
    """The folder of the workspace that a command is about."""
    if options.workspace:
        return Path(options.workspace).expanduser().resolve()
    here = Path.cwd()
    if (here / FILE_NAME).exists():
        return here
    console.err.print(f"no {FILE_NAME} in this folder: using the demo workspace in {DEMO_FOLDER}/")
    return _write_demo(here / DEMO_FOLDER)


def _write_demo(folder: Path) -> Path:
    """Put the demo's workspace file there, unless the folder has one."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / FILE_NAME).exists():
        shutil.copyfile(shipped("examples") / "demo" / FILE_NAME, folder / FILE_NAME)
    return folder.resolve()


def _say(path: Path, numbers: Mapping[str, int]) -> None:
    """Have the demo's file say what is generated, so that later commands in its folder are about the same company."""
    before = path.read_text(encoding="utf-8")
    said = before
    for name, number in numbers.items():
        said = re.sub(rf"(?m)^(  {name}: )\d+$", rf"\g<1>{number}", said, count=1)
    if said != before:
        path.write_text(said, encoding="utf-8")
