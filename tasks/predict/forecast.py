"""One prediction from end to end: snapshots, models, the test, the choice, and what is foretold from the as-of day.

Owns: the order of the steps, and when a prediction is refused. Does not own any step.

What is tested is what is used: for the forecast the chosen model is fitted again in the same way, on days that are
later by one horizon, the tested one included.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.config.errors import StatisticsError
from tasks.config.predictions import ModelName, Prediction
from tasks.predict import candidates, evidence
from tasks.predict.evidence import Evidence, Tested
from tasks.predict.plan import Plan, plan
from tasks.predict.rows import Rows, rows_of
from tasks.predict.snapshots import first_order_date, input_names, quiet_days_of, read_cohort, read_snapshot
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.run import Run

if TYPE_CHECKING:
    import polars as pl

    from tasks.predict.candidates import Candidate

#: A chance to a millionth, an amount to a hundredth: beyond that digits are noise.
_SHARE_DECIMALS, _AMOUNT_DECIMALS = 6, 2


#: Snapshots by what predictions see, and by cut-off.
Shared = dict[tuple[object, ...], dict[dt.date, "pl.DataFrame"]]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is foretold of whom.

    Attributes:
        values: customer_id and the prediction's feature, of its population; None: refused.
        evidence: what is kept of it.
        said: a sentence for the log, or why it is refused.
    """

    values: pl.DataFrame | None
    evidence: Evidence
    said: str


def foretell(run: Run, key: str, prediction: Prediction, shared: Shared | None = None) -> Forecast:
    """Make a prediction, or say why it is refused.

    Args:
        run: the run, within `snapshots.order_days`.
        key: of the prediction in the workspace.
        prediction: what is to be foretold.
        shared: snapshots that other predictions of the run have read, and this one reads for others.
    """
    facts: dict[str, Any] = {
        "prediction_id": key,
        "prediction_name": prediction.name or key,
        "kind_name": prediction.kind,
        "feature_name": prediction.feature_name(key),
        "horizon_days": prediction.days,
    }
    try:
        return _Making(run, key, prediction, facts, {} if shared is None else shared).forecast()
    except StatisticsError as error:
        refused = {"status_name": "refused", "decision": error.message, "scored_customer_count": 0}
        return Forecast(None, Evidence(facts | refused), f"refused: {error.message}")


class _Making:
    """The steps, with what they share; `facts` are filled as far as a prediction comes."""

    def __init__(self, run: Run, key: str, prediction: Prediction, facts: dict[str, Any], shared: Shared) -> None:
        self.run = run
        self.key = key
        self.prediction = prediction
        self.facts = facts
        self.plan: Plan = plan(prediction, first_order_date(run), run.as_of)
        self.inputs = input_names(run, prediction, self.plan)
        self.limit = prediction.max_training_rows // max(len(self.plan.final_cut_offs), 1)
        self.quiet_days = quiet_days_of(prediction, self.plan)
        #: What could not be done, for the decision.
        self.left_out: list[str] = []
        #: Predictions that agree in all of this see the same customers on the same days.
        seen = (prediction.days, self.plan.test_days, prediction.population, prediction.seed, self.limit)
        self.frames = shared.setdefault(seen, {})

    def forecast(self) -> Forecast:
        test = self._rows([self.plan.test_cut_off])
        self._tell_test(test)
        self._refuse_few(test)
        train = self._training(self.plan.train_cut_offs)
        self._tell_training(train)
        tested = self._tested(train, test)
        used, decision = self._choice(tested)
        decision = "; ".join([decision, *self.left_out])
        final = self._final_model(used)
        values = self._values(final)
        self.facts |= {
            "status_name": "made",
            "model_name": used,
            "decision": decision,
            "model_note": final.note,
            "scored_customer_count": values.height,
        }
        kept = Evidence(
            self.facts, evidence.score_rows(self.key, tested, used), evidence.calibration_rows(self.key, tested)
        )
        return Forecast(values, kept, f"{used} for {values.height:,} customers; {decision}")

    def _rows(self, cut_offs: Sequence[dt.date]) -> Rows:
        """Customers at past days; a snapshot is read once, the tested one is learnt from later."""
        for cut_off in cut_offs:
            if cut_off not in self.frames:
                self.frames[cut_off] = read_snapshot(self.run, self.prediction, self.plan, cut_off, self.limit)
        return self._arrays([self.frames[cut_off] for cut_off in cut_offs])

    def _arrays(self, frames: list[pl.DataFrame]) -> Rows:
        return rows_of(frames, self.inputs, self.prediction.days, self.quiet_days)

    def _training(self, cut_offs: Sequence[dt.date]) -> Rows | None:
        """What to learn from; None where there is nothing, or too little of it."""
        if not cut_offs:
            return None
        rows = self._rows(cut_offs)
        lack = self._lack(rows)
        if lack is None:
            return rows
        self.left_out.append(f"nothing is learnt from the past days: they have {lack}")
        return None

    def _lack(self, rows: Rows) -> str | None:
        """What rows have too little of, in words."""
        customers = len(np.unique(rows.ids.astype(str)))
        if customers < self.prediction.min_customers:
            return f"{customers:,} customers, at least {self.prediction.min_customers:,} are needed"
        for happened, what in ((rows.has_ordered, "ordered"), (~rows.has_ordered, "did not order")):
            count = len(np.unique(rows.ids[happened].astype(str)))
            if count < self.prediction.min_events:
                return f"{count:,} customers who {what}, at least {self.prediction.min_events:,} are needed"
        return None

    def _refuse_few(self, test: Rows) -> None:
        lack = self._lack(test)
        if lack:
            raise StatisticsError(f"the test from {self.plan.test_cut_off} on has {lack}")

    def _tested(self, train: Rows | None, test: Rows) -> list[Tested]:
        """Every model that can be fitted, on the period that is tested."""
        days, least = self.plan.test_days, self.run.workspace.privacy.min_group_size
        cohort = read_cohort(self.run, self.prediction, self.plan.test_cut_off)
        tested = []
        for name in candidates.available(self.prediction, train):
            try:
                fitted = candidates.fit(name, self.prediction, days, train, cohort)
            except StatisticsError as error:
                # Another may do; where it was asked for, `_choice` refuses.
                self.left_out.append(f"{name} could not be fitted: {error.message}")
                continue
            foretold = self._rounded(fitted.predict(test))
            tested.append(evidence.judge(self.prediction, name, fitted.note, foretold, test, least))
        return tested

    def _choice(self, tested: list[Tested]) -> tuple[ModelName, str]:
        """The model to use, and why."""
        what = "Poisson deviance" if self.prediction.is_amount else "Brier score"
        listed = ", ".join(f"{one.name} {one.score:.4f}" for one in tested)
        declared = self.prediction.model
        if declared != "best":
            if declared not in {one.name for one in tested}:
                raise StatisticsError(f"the model {declared} is asked for, and there is too little to fit it on")
            return declared, f"as declared; {what} on the tested period: {listed}"
        is_shorter = self.plan.test_days < self.plan.days
        # What a customer did before says nothing of how many are lost over a longer time than was tested.
        usable = [one for one in tested if not (is_shorter and one.name == "as_before")]
        if not usable:
            raise StatisticsError("; ".join(["no model could be fitted", *self.left_out]))
        best = min(usable, key=lambda one: one.score)
        why = f"least {what} on the tested period"
        if is_shorter:
            why = f"tested over {self.plan.test_days} days, for there is no more history; {what}"
        return best.name, f"{why}: {listed}"

    def _final_model(self, name: ModelName) -> Candidate:
        train = self._training(self.plan.final_cut_offs)
        cohort = read_cohort(self.run, self.prediction, self.plan.as_of)
        return candidates.fit(name, self.prediction, self.plan.days, train, cohort)

    def _values(self, model: Candidate) -> pl.DataFrame:
        import polars as pl

        frame = read_snapshot(self.run, self.prediction, self.plan, self.plan.as_of, None)
        foretold = self._rounded(model.predict(self._arrays([frame])))
        name = self.facts["feature_name"]
        return pl.DataFrame({KEY: frame.get_column(KEY), name: pl.Series(foretold, dtype=pl.Float64)})

    def _rounded(self, foretold: candidates.Floats) -> candidates.Floats:
        most, decimals = (np.inf, _AMOUNT_DECIMALS) if self.prediction.is_amount else (1.0, _SHARE_DECIMALS)
        return np.asarray(np.round(np.clip(foretold, 0.0, most), decimals), dtype=np.float64)

    def _tell_test(self, test: Rows) -> None:
        self.facts |= {
            "test_days": self.plan.test_days,
            "test_from_date": self.plan.test_cut_off + dt.timedelta(days=1),
            "test_until_date": self.plan.test_cut_off + dt.timedelta(days=self.plan.test_days),
            "test_customer_count": len(test),
            "test_ordered_count": int(test.has_ordered.sum()),
        }

    def _tell_training(self, train: Rows | None) -> None:
        used = self.plan.train_cut_offs if train is not None else ()
        self.facts |= {
            "train_cut_off_count": len(used),
            "train_from_date": min(used, default=None),
            "train_until_date": max(used) + dt.timedelta(days=self.plan.days) if used else None,
            "train_row_count": 0 if train is None else len(train),
        }
