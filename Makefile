# Two commands are all that a fresh machine needs: make demo, make test.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo dev test test-slow test-long score lint lock clean

help: ## Show this help
	@echo "Crossdock: many systems in, one judged truth out, decisions only on what passed."
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(STAMP) ## Build the environment from the hashed lock

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Crossdock needs $(PYTHON): install it, or say where with PYTHON=..."; exit 1; }
	@echo "Building the environment in $(VENV), a minute or two ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## Everything on a simulated network; BREACH=1 breaks a contract on purpose
	$(BIN)/crossdock demo $(if $(BREACH),--breach)

dev: $(STAMP) ## Dagster's UI and daemon on http://127.0.0.1:3000
	$(BIN)/crossdock dev

test: $(STAMP) ## The suite without the slow marks
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not slow and not long"

test-slow: $(STAMP) ## The slow part of the suite (make test runs the rest)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations=12 -m "slow and not long"

test-long: $(STAMP) ## More of the same: larger networks, more kills (not in CI)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m long

score: $(STAMP) ## How true the answers are, on simulated networks with every fault (SEEDS=20: an hour)
	$(BIN)/python -m benchmarks.score --seeds $(or $(SEEDS),3)

lint: $(STAMP) ## Ruff and mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

lock: ## Resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --no-strip-extras --group dev pyproject.toml -o requirements.lock

clean: ## Remove the environment and everything that the demo made
	rm -rf $(VENV) .crossdock
