"""Great Expectations' own pages on a run's checks, for those who ask for them.

Owns: keeping the results of all doors, taking every value out of them that is not to be shown, and writing the pages.
Does not own running checks (`adapter.py`).

The pages load styles and scripts from the internet when they are looked at; the report does not. What is known of
people is kept out before it comes near a page: a result is made anew of figures that are named here, so that nothing
that Great Expectations adds one day is printed unasked.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.config.entities import CONTACT_COLUMNS, ENTITIES
from tasks.config.errors import OutputError
from tasks.quality.findings import WITHHELD, shown
from tasks.quality.suites import Check
from tasks.warehouse.run import Run

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

#: Figures of a result; none of them is a value of anybody's.
_FIGURES = (
    "element_count",
    "missing_count",
    "missing_percent",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_nonmissing",
    "unexpected_percent_total",
)
#: Tables of which no value is shown: their entity has contact data, and a line whose columns have shifted has them
#: under any heading.
_PERSONAL = frozenset(
    f"{schema}.{entity.name}"
    for schema in ("raw", "staging")
    for entity in ENTITIES.values()
    if not CONTACT_COLUMNS.isdisjoint(entity.column_names)
)
_PERSONAL_COLUMNS = CONTACT_COLUMNS | {"customer_id"}
#: What may be an e-mail address or a telephone number, or long enough to be told from others.
_TELLING = re.compile(r"@|\d[\d\s/().-]{6,}\d")

#: A larger number is a telephone number as likely as an amount.
_LARGEST = 1e9


class DataDocs:
    """The results of a run's checks, until they are written."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: list[tuple[str, ExpectationSuiteValidationResult]] = []

    def keep(self, table: str, checks: Sequence[Check], validation: ExpectationSuiteValidationResult) -> None:
        """Keep what was found out about a table, without values that are not to be shown."""
        import great_expectations
        from great_expectations.core import ExpectationSuiteValidationResult

        by_number = {check.number: check for check in checks}
        results = [_shown_result(table, by_number, result) for result in validation.results]
        self._kept.append(
            (
                table,
                ExpectationSuiteValidationResult(
                    success=bool(validation.success),
                    results=[result for result in results if result is not None],
                    suite_name=table,
                    statistics=validation.statistics,
                    meta={
                        "great_expectations_version": great_expectations.__version__,
                        "batch_spec": {"data_asset_name": table},
                    },
                ),
            )
        )

    def write(self, run: Run) -> Path:
        """Write the pages in place of those of an earlier run; returns the path of the first.

        Raises:
            OutputError: the folder cannot be written.
        """
        target = run.paths.data_docs
        made = target.with_name(".data_docs")
        try:
            shutil.rmtree(made, ignore_errors=True)
            self._build(run, made)
            shutil.rmtree(target, ignore_errors=True)
            made.rename(target)
        except OSError as error:
            raise OutputError(
                f"cannot write the data docs: {error.strerror or error}",
                where=str(target),
                hint="free space, or give this user the right to write there; the run itself is not concerned",
            ) from error
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return target / "index.html"

    def _build(self, run: Run, folder: Path) -> None:
        import great_expectations
        from great_expectations.core.run_identifier import RunIdentifier
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )

        context: Any = great_expectations.get_context(mode="ephemeral")
        context.variables.data_docs_sites = {}
        context.add_data_docs_site(
            "checks",
            {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "show_cta_footer": False},
            },
        )
        identifier = RunIdentifier(run_name=run.run_id or run.attempt_id, run_time=dt.datetime.now(dt.UTC))
        for table, validation in self._kept:
            configurations = [result.expectation_config for result in validation.results if result.expectation_config]
            context.suites.add(great_expectations.ExpectationSuite(name=table, expectations=configurations))
            validation.meta["run_id"] = identifier
            key = ValidationResultIdentifier(ExpectationSuiteIdentifier(name=table), identifier, "rows")
            context.validation_results_store.store_validation_results(validation, key)
        context.build_data_docs()


def _shown_result(
    table: str, checks: dict[int, Check], result: ExpectationValidationResult
) -> ExpectationValidationResult | None:
    """A result made anew: what it is called in our words, its figures, and the values that may be shown."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    asked = result.expectation_config
    check = checks.get(asked.meta["number"]) if asked and asked.meta else None
    if asked is None or check is None:
        return None
    said = check.expectation
    configuration = ExpectationConfiguration(
        type=asked.type,
        kwargs={key: value for key, value in asked.kwargs.items() if key != "batch_id"},
        description=f"{said.meaning} ({said.severity})",
    )
    return ExpectationValidationResult(
        success=bool(result.success),
        expectation_config=configuration,
        result=_shown_figures(table, said.column_name, result.result),
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
        meta={},
    )


def _shown_figures(table: str, column: str | None, told: dict[str, Any]) -> dict[str, Any]:
    figures = {name: told[name] for name in _FIGURES if told.get(name) is not None}
    examples = [shown_value(table, column, value) for value in told.get("partial_unexpected_list") or ()]
    # One word for all that is withheld: how often it stands there would tell nothing.
    figures["partial_unexpected_list"] = list(dict.fromkeys(examples)) if WITHHELD in examples else examples
    observed = told.get("observed_value")
    if isinstance(observed, list | tuple | set | frozenset):
        figures["observed_value"] = sorted({shown_value(table, column, value) for value in observed})
    elif observed is not None:
        figures["observed_value"] = shown_value(table, column, observed, is_figure=column is None)
    elif "unexpected_percent" not in figures and figures.keys() >= {"element_count", "unexpected_count"}:
        figures["observed_value"] = f"{figures['unexpected_count']:,} wrong in {figures['element_count']:,} rows"
    return figures


def shown_value(table: str, column: str | None, value: object, *, is_figure: bool = False) -> str:
    """A value as it may stand on a page, or what stands there instead.

    Args:
        table: where it was found.
        column: the column or columns, as `Expectation.column_name` has them.
        value: a value, or the values of several columns.
        is_figure: it was counted over the whole table, and is nobody's.
    """
    if is_figure and isinstance(value, int | float | decimal.Decimal):
        return shown(value)
    if table in _PERSONAL or not _PERSONAL_COLUMNS.isdisjoint((column or "").split(", ")):
        return WITHHELD
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown_value(table, str(name), item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown_value(table, column, item) for item in value)
    if isinstance(value, int | float | decimal.Decimal):
        return WITHHELD if abs(float(value)) >= _LARGEST else shown(value)
    return WITHHELD if isinstance(value, str) and _TELLING.search(value) else shown(value)
