# Commands of the portal. They need Python >= 3.11 (with venv), make and a network for the first run.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-surfaces bench clean

demo: .venv/.installed ## install, prepare a fictional board, serve it on http://127.0.0.1:8000 (PORT=, PORTAL_DEMO_PASSWORD=)
	@$(BIN)/portal demo

test: .venv/.installed-test ## everything but the long runs
	$(BIN)/python -m portal.cli.assets
	$(BIN)/python -m tests.chromium
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(ARGS)

test-surfaces: .venv/.installed-test ## the erased world, with many more random examples
	PORTAL_SURFACES=long $(BIN)/python -m pytest tests/surfaces $(ARGS)

bench: .venv/.installed-test ## one JSON line per figure; ONLY=name for one family or figure
	@$(BIN)/python -m tests.bench $(ONLY)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing …"
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/.installed-test: .venv/.installed
	@echo "installing what the tests need …"
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

clean: ## the virtual environment, fetched assets and all local data
	rm -rf .venv static/vendor var
