# The portal's tasks. `make help` lists them. Variables: PORT, VAR (both may also stand in .env).

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
APPS := accounts catalog uploads moderation smmods

# Given on the command line they reach the portal; where they aren't, its settings decide.
ifdef PORT
export PORT
endif
ifdef VAR
export VAR
endif
export PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-run run test cover lint verify format services bench docs fuzz mutants clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | \
	while IFS='|' read -r name words; do printf '%-22s %s\n' "$$name" "$$words"; done

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "On Debian: apt install python3-venv" >&2; rm -rf .venv; exit 1; }

# What is installed is remembered by its checksum, so that a second run does nothing.
setup-run: .venv/bin/python
	@sum=$$(cksum < requirements.txt); \
	if [ "$$sum" != "$$(cat .venv/runtime.sum 2>/dev/null)" ]; then \
		echo "Installing what the portal runs on ..."; \
		$(PIP) -r requirements.txt && echo "$$sum" > .venv/runtime.sum; \
	fi

setup: setup-run ## virtual environment with everything for running, testing and linting
	@sum=$$(cat requirements.txt tests/requirements.txt | cksum); \
	if [ "$$sum" != "$$(cat .venv/tests.sum 2>/dev/null)" ]; then \
		echo "Installing what the tests need ..."; \
		$(PIP) -r requirements.txt -r tests/requirements.txt && echo "$$sum" > .venv/tests.sum; \
	fi

run: setup-run ## the portal with sample data on http://127.0.0.1:8000 until Ctrl-C
	@exec $(BIN)/python manage.py run_portal

test: setup ## all tests, on SQLite and then on PostgreSQL (ARGS="-k words" for some of them)
	@$(BIN)/python -m tests.suite $(ARGS)

cover: setup ## which lines the tests run, on SQLite
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered -m "not portal" $(ARGS)

lint: setup ## style, types, templates, migrations, deployment settings
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(APPS) tests
	@$(BIN)/djlint templates --lint --quiet
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python -m tests.production

verify: test lint ## what must hold before a change goes in

format: setup ## bring Python files into the common form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

services: ## Debian, as root: install and start PostgreSQL, Redis, clamd, nginx, Chromium
	@deploy/services.sh

bench: setup ## measure, and print figures beside their floor
	@$(BIN)/python -m benchmarks

docs: setup ## write the generated pages of docs/ again
	@$(BIN)/python manage.py generate_docs

fuzz: setup ## packages and documents mutated, EXAMPLES times a test (100000)
	@SMMODS_FUZZ_EXAMPLES=$(or $(EXAMPLES),100000) nice $(BIN)/python -m pytest -q tests/uploads/package/test_fuzz.py \
		tests/uploads/package/test_agreement.py tests/catalog/test_document_bounds.py $(ARGS)

mutants: setup ## each rule taken out in turn: does a test fail? (ARGS="words" for some of them)
	@nice $(BIN)/python -m tests.without_rules $(ARGS)

clean: ## remove the virtual environment and caches, never the data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
