SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Really run: a version manager leaves a python3.12 on PATH that only says it is not installed.
fits := import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))
PYTHON := $(or $(PYTHON),$(shell for each in python3.11 python3.12 python3; do \
	$$each -c '$(fits)' 2>/dev/null && echo $$each && break; done))
no_python := Multichannel needs Python 3.11 or 3.12: install one (Debian: apt-get install python3.11-venv), \
	or name it (make PYTHON=/path/to/python3.11).

bin := .venv/bin
pip := $(bin)/python -m pip --disable-pip-version-check --quiet
explorer := src/multichannel/explorer

# The types take one processor as long as everything else before the tests takes the other.
MAKEFLAGS += --jobs=2

# Without its caches, each of the many processes of the tests would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

compile := $(bin)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --strip-extras \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: help
help: ## Print the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: demo
demo: explorer ## Serve the demo world on 127.0.0.1:8000 until stopped
	@$(bin)/multichannel demo

.PHONY: test
test: check explorer ## Run the checks and the tests, on SQLite and on PostgreSQL
	@$(bin)/pytest -n 2 -m 'not long'

.PHONY: test-long
test-long: explorer ## Run the tests that take minutes
	@$(bin)/pytest -n 2 -m long

.PHONY: check
check: check-style check-types check-imports ## Check format, lint, types and which package imports which

.PHONY: check-style
check-style: .venv/installed
	@$(bin)/ruff format --check --quiet . || { echo 'Run $(bin)/ruff format to put this right.'; exit 1; }
	@$(bin)/ruff check --quiet .

.PHONY: check-types
check-types: .venv/installed
	@$(bin)/mypy

.PHONY: check-imports
check-imports: .venv/installed
	@$(bin)/lint-imports

.PHONY: explorer
explorer: .venv/installed ## Build the explorer from its npm packages, if they changed
	@if $(bin)/python -m multichannel.explorer.build --needs-node; then \
		echo 'There is no Node 20.19 or later here: installing one into .venv'; \
		$(pip) install --require-hashes --requirement $(explorer)/node.lock; \
	fi
	@$(bin)/python -m multichannel.explorer.build

.PHONY: bench
bench: .venv/installed ## Measure what the policy and the service cost
	@$(bin)/python -m tests.benchmarks

.PHONY: bench-long
bench-long: .venv/installed ## Measure how costs grow with data and clients; takes an hour and 10 GB
	@$(bin)/python -m tests.benchmarks.growth

.PHONY: lock
lock: .venv/installed ## Pin the newest dependencies that pyproject.toml allows
	@$(compile) --extra dev --output-file requirements.lock pyproject.toml
	@$(compile) --constraint requirements.lock --output-file docs/deployment/runtime.lock pyproject.toml
	@$(compile) --output-file $(explorer)/node.lock $(explorer)/node.in

.PHONY: wheel
wheel: explorer ## Build the wheel, with the explorer in it, into dist/
	@$(bin)/python -m build --wheel --no-isolation

.PHONY: clean
clean: ## Remove everything that make made, except the demo world
	@rm -rf .venv dist $(explorer)/dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

.venv/installed: .venv/dependencies pyproject.toml
	@$(pip) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dependencies: requirements.lock
	@$(or $(PYTHON),false) -c '$(fits)' 2>/dev/null || { echo '$(no_python)'; exit 1; }
	@echo 'Installing the pinned dependencies into .venv (about a minute)'
	@$(PYTHON) -m venv --clear .venv
	@$(pip) install --require-hashes --no-deps --requirement requirements.lock
	@touch $@
