# Two commands do all the set-up on a fresh machine: `make rehearse` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REHEARSE := $(BIN)/rehearse
RUNS ?= runs

.PHONY: help rehearse smoke test lint types validate unit bench screenshots parts crm docs schemas lock clean check-host

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

rehearse: $(BIN)/.run-ready check-host ## Set everything up and run the Oktoberfest rehearsal against a real embedded cluster
	@$(MAKE) --no-print-directory -j2 parts crm
	$(REHEARSE) run rehearsals/oktoberfest.yaml --runs $(RUNS)

smoke: $(BIN)/.run-ready check-host ## The same in under three minutes: one territory, one window, one kill, one alert
	@$(MAKE) --no-print-directory -j2 parts crm
	$(REHEARSE) run rehearsals/smoke.yaml --runs $(RUNS)

test: $(BIN)/.dev-ready check-host ## Set everything up, then lint, types and all tests, the smoke rehearsal among them
	@$(MAKE) --no-print-directory -j2 parts crm
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint types validate
	@$(MAKE) --no-print-directory unit

lint: $(BIN)/.dev-ready ## Formatting, lint and the one-way import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(BIN)/.dev-ready ## mypy --strict
	$(BIN)/mypy

validate: $(BIN)/.run-ready ## Our own runbooks, chart, rules and SQL, by `rehearse validate`
	$(REHEARSE) validate . --helm crm/chart/values.yaml

unit: $(BIN)/.dev-ready ## Only the tests (PYTEST_ARGS="-k scale" narrows them): first those that can share the machine
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not alone" $(PYTEST_ARGS)
	$(BIN)/python -m pytest -m alone $(PYTEST_ARGS)

bench: $(BIN)/.dev-ready check-host ## Measure, and write docs/performance.md
	@$(MAKE) --no-print-directory -j2 parts crm
	$(BIN)/python -m benchmarks

docs: $(BIN)/.dev-ready ## Generate docs/reference again, from the code
	$(BIN)/python -m docs.reference

schemas: $(BIN)/.dev-ready ## Take from the pinned Kubernetes and KEDA again what `rehearse validate` knows of their manifests
	$(BIN)/python -m harness.validate.schemas.extract

screenshots: $(BIN)/.dev-ready ## Make the README's pictures from the latest run (needs chromium)
	$(BIN)/python -m tests.screenshots

parts: $(BIN)/.run-ready ## Build the embedded cluster's parts into the cache (about 15 minutes once)
	$(REHEARSE) parts build

crm: ## Build the reference CRM (does nothing when its sources are unchanged)
	@crm/build.sh

lock: ## Pin the dependencies again, with hashes
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements-dev.lock

clean: ## End the embedded clusters of this user and remove what was built here (the cache of parts stays)
	-@[ -x $(REHEARSE) ] && $(REHEARSE) down --all
	rm -rf $(VENV) crm/app/target .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

check-host:
	@.ci/check-host

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: Python 3.11 or later is needed; run: apt-get install python3.11 python3.11-venv, then make PYTHON=python3.11 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(BIN)/.run-ready: requirements.lock pyproject.toml | $(BIN)/python
	@[ -e $(BIN)/.dev-ready ] || $(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/.dev-ready: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(BIN)/.run-ready
