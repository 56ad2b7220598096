"""Evidently or NannyML with its defaults, asked by `peers.py` from an environment of its own.

Run by its Python: `python peer_worker.py evidently|nannyml`. Reads paths of NumPy archives from standard input, each
with the columns of both snapshots (`reference:NAME`, `current:NAME`), and answers each with a JSON list of the columns
that it flags. Owns: how each tool is called. Does not own the snapshots, or what a flag means. Not a pytest module.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

CHUNKS = 10

Frames = tuple[pd.DataFrame, pd.DataFrame]


def read(path: str) -> Frames:
    """Both snapshots of an archive."""
    with np.load(path) as stored:
        frames = {"reference": {}, "current": {}}
        for key in stored.files:
            side, name = key.split(":", 1)
            frames[side][name] = stored[key]
    return pd.DataFrame(frames["reference"]), pd.DataFrame(frames["current"])


def numbers(frame: pd.DataFrame) -> list[str]:
    """Names of the numeric columns."""
    return [name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]


def evidently_report(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """Columns that `Report([DataDriftPreset()])` of Evidently 0.7 calls drifted."""
    evidently, presets = importlib.import_module("evidently"), importlib.import_module("evidently.presets")
    numeric = numbers(reference)
    columns = evidently.DataDefinition(
        numerical_columns=numeric, categorical_columns=[name for name in reference.columns if name not in numeric]
    )
    old, new = (evidently.Dataset.from_pandas(frame, data_definition=columns) for frame in (reference, current))
    found = evidently.Report([presets.DataDriftPreset()]).run(new, old).dict()["metrics"]
    flagged = []
    for metric in found:
        said = metric["config"]
        if "column" in said:
            is_distance = "p_value" not in said["method"]
            is_drift = (metric["value"] >= said["threshold"]) if is_distance else (metric["value"] < said["threshold"])
            flagged += [said["column"]] if is_drift else []
    return flagged


def evidently_tests(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """The same from the tests that its report chooses by default, without the report, which takes ten times as long."""
    base = "evidently.legacy"
    tests = importlib.import_module(f"{base}.calculations.stattests")
    kinds = importlib.import_module(f"{base}.core").ColumnType
    numeric = numbers(reference)
    flagged = []
    for name in reference.columns:
        kind = kinds.Numerical if name in numeric else kinds.Categorical
        test = tests.get_stattest(reference[name], current[name], kind, None)
        flagged += [name] if test(reference[name], current[name], kind, None).drifted else []
    return flagged


def nannyml_chunks(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """Columns that alert in any of ten chunks of the current snapshot, thresholds being those of ten of the reference.

    NannyML's default: Jensen-Shannon distance, mean and three standard deviations of the reference's chunks.
    """
    nannyml = importlib.import_module("nannyml")
    numeric = numbers(reference)
    names = list(reference.columns)
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=names,
        treat_as_categorical=[name for name in names if name not in numeric],
        chunk_size=len(reference) // CHUNKS,
    ).fit(reference)
    found = calculator.calculate(current).filter(period="analysis").to_df()
    return [key[0] for key in found.columns if key[-1] == "alert" and bool(found[key].any())]


TOOLS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], list[str]]] = {
    "evidently": evidently_tests,
    "nannyml": nannyml_chunks,
}


def main() -> None:
    """Answer one line for each line."""
    warnings.simplefilter("ignore")
    tool = sys.argv[1]
    is_first = True
    for line in sys.stdin:
        reference, current = read(line.strip())
        flagged = sorted(TOOLS[tool](reference, current))
        if tool == "evidently" and is_first and flagged != sorted(evidently_report(reference, current)):
            sys.exit(f"{line.strip()}: the tests flag {flagged}, the report {evidently_report(reference, current)}")
        is_first = False
        sys.stdout.write(f"{json.dumps(flagged)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
