# Everything a fresh machine needs beyond Python >= 3.11 comes from PyPI, into .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
ARGS ?=
DEPLOY_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint bench peers bench-stats bench-quality deploy-local audit docs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed ## install resegment and its tools into .venv

$(VENV)/.installed: pyproject.toml uv.lock
ifdef UV
	UV_PROJECT_ENVIRONMENT=$(VENV) uv sync --frozen --quiet --compile-bytecode --python $(PYTHON)
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
endif
	@touch $@

demo: install ## make the demo company, run three months, say where the report is
	$(BIN)/resegment demo $(ARGS)

deploy-local: demo ## a real Prefect server and worker on this machine: deploy, run the demo once, show it
	$(BIN)/python deploy/local.py $(DEPLOY_ARGS)

test: install ## run the tests, on every core
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint: install ## style, types, import rule, SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint sql

check: lint test ## everything that CI checks

bench: install ## speed and memory beside a bare script, in one session
	$(BIN)/python tests/benchmarks/corridor.py $(ARGS)
	$(BIN)/python -m tests.benchmarks.quality_speed
	$(BIN)/python -m tests.benchmarks.features_speed
	$(BIN)/python -m tests.benchmarks.rules_speed
	$(BIN)/python -m tests.benchmarks.overlap_speed
	$(BIN)/python -m tests.benchmarks.daily_run
	$(BIN)/python -m tests.benchmarks.pull_speed
	$(BIN)/python -m tests.benchmarks.drift_speed --output docs/benchmarks-drift-speed.md

PEERS ?= .venv-peers
export RESEGMENT_PEERS := $(abspath $(PEERS))

peers: ## install Evidently and NannyML to measure beside, each into an environment of its own: their pins clash with ours
	$(PYTHON) -m venv $(PEERS)/evidently
	$(PEERS)/evidently/bin/python -m pip install --quiet --disable-pip-version-check "evidently==0.7.23" "pandas<3"
	$(PYTHON) -m venv $(PEERS)/nannyml
	$(PEERS)/nannyml/bin/python -m pip install --quiet --disable-pip-version-check "nannyml==0.13.1" statsmodels

bench-stats: install ## measured false alarms, power, new groups, churn, choice of k, predictions, comments and projection
	PYTHONPATH=. $(BIN)/python tests/benchmarks/drift_figures.py --output docs/benchmarks-drift.md $(ARGS)
	PYTHONPATH=. $(BIN)/python tests/benchmarks/drift_sample_figures.py --output docs/benchmarks-drift-sample.md
	PYTHONPATH=. $(BIN)/python tests/benchmarks/emergence_figures.py --output docs/benchmarks-emergence.md $(ARGS)
	PYTHONPATH=. $(BIN)/python tests/benchmarks/segment_drift_figures.py --output docs/benchmarks-segment-drift.md $(ARGS)
	$(BIN)/python -m tests.benchmarks.own_movement --output docs/benchmarks-own-movement.md
	$(BIN)/python tests/benchmarks/cluster_figures.py $(ARGS)
	PYTHONPATH=. $(BIN)/python tests/benchmarks/audit_figures.py $(ARGS)
	PYTHONPATH=. $(BIN)/python tests/benchmarks/predict_figures.py $(ARGS)
	$(BIN)/python -m tests.benchmarks.comment_figures
	$(BIN)/python -m tests.benchmarks.projection_figures
	$(BIN)/python -m tests.benchmarks.identity_over_runs --output docs/benchmarks-identity.md
	$(BIN)/python -m tests.benchmarks.figures_page

bench-quality: install ## faults caught, one by one, false stops of clean runs, guesses of personal data, drawn histories
	$(BIN)/python -m tests.benchmarks.clean_runs --output docs/faults.md $(ARGS)
	$(BIN)/python -m tests.benchmarks.fault_injection --output docs/faults.md
	$(BIN)/python -m tests.benchmarks.privacy_guess_figures
	$(BIN)/python -m tests.benchmarks.drawn_histories

AUDIT ?= .venv-audit

audit: ## ask PyPI about known holes in the locked versions; fails where one cannot be asked about
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit==2.10.1"
	$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements.lock

docs: install ## write docs/reference from the code
	$(BIN)/python docs/generate.py

clean: ## remove what the targets made
	rm -rf $(VENV) $(PEERS) $(AUDIT) .pytest_cache .mypy_cache .ruff_cache .hypothesis out resegment-demo examples/*/out examples/*/data
