# The few commands of this project. `make` alone lists them.

VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
RIVALS := bench-data/rivals
RIVAL_PIP = $(RIVALS)/bin/python -m pip --disable-pip-version-check install --quiet
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# The first of these that runs and is new enough, unless PYTHON is given.
CANDIDATES := python3 python3.13 python3.12 python3.11 python

.DEFAULT_GOAL := help
.PHONY: help setup demo test crash bench bench-live bench-discovery clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## install fireflower into .venv

demo: $(INSTALLED) ## simulate a product's year, qualify its people and accounts, write the report
	@examples/demo/run $(BIN)/fireflower demo

test: $(INSTALLED_DEV) ## check style and types, run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadgroup

crash: $(INSTALLED_DEV) ## kill what writes to a log 200 times at any moment, and look whether anything is lost
	FIREFLOWER_KILLS=200 $(BIN)/python -m pytest -n auto tests/log/test_kills.py tests/serving

bench: $(INSTALLED_DEV) ## measure against DuckDB, polars and pandas on 100 million events
	$(BIN)/python -m benchmarks.run

bench-live: $(INSTALLED_DEV) ## measure the server: events a second, delays, timers, start
	$(BIN)/python -m benchmarks.live

bench-discovery: $(INSTALLED_DEV) $(RIVALS)/.installed ## measure what discovery finds in worlds whose truth is known, beside other tools
	$(BIN)/python -m benchmarks.discovery_speed
	$(BIN)/python -m benchmarks.discovery
	$(RIVALS)/bin/python -m benchmarks.proving.compare

clean: ## remove the environment, the demo and everything generated
	rm -rf $(VENV) demo bench-data dist build .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(or $(PYTHON),$(CANDIDATES)); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "$$python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "fireflower needs Python 3.11 or newer. Name yours: make PYTHON=/path/to/python" >&2; exit 1

$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "Installing fireflower and what it stands on"
	@$(PIP) --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/python
	@echo "Installing fireflower, what it stands on, and what its tests need"
	@$(PIP) --editable '.[dev]'
	@touch $(INSTALLED) $@

# Other tools of discovery contradict the newest numpy and each other, so they have an environment of their own.
$(RIVALS)/.installed: pyproject.toml benchmarks/proving/rivals/requirements.txt | $(BIN)/python
	@echo "Installing the tools that discovery is compared with"
	@$(BIN)/python -m venv $(RIVALS)
	@$(RIVAL_PIP) --editable '.[discovery]' --requirement benchmarks/proving/rivals/requirements.txt
	@$(RIVAL_PIP) --no-deps fasterrisk==0.1.10 pysubgroup==0.9.0
	@touch $@
