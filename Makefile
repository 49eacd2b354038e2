# `make demo` and `make test` do all the set-up on a fresh Debian machine.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: demo test test-long lint types bench wheelhouse offline clean

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { scripts/system_packages.sh venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(STAMP): $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(VENV)/.demo
	$(BIN)/eseal demo demo

test: $(STAMP)
	scripts/system_packages.sh judges
	$(BIN)/python -m pytest -n 2 -m "not long"

test-long: $(STAMP)
	scripts/system_packages.sh judges
	$(BIN)/python -m pytest -n 2 --hypothesis-profile=long

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy
	$(BIN)/mypy tests/typing_api.py

# In an environment of its own: endesive needs an older pypdf than anything here.
bench: $(VENV)/bin/python
	[ -d $(VENV)-bench ] || $(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(VENV)-bench/bin/python -m benchmarks

wheelhouse: $(VENV)/bin/python
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --wheel-dir wheelhouse . 'setuptools>=69' wheel

# Shows that the wheelhouse is complete: an install that may ask no index.
offline: wheelhouse
	$(PYTHON) -m venv $(VENV)-offline
	$(VENV)-offline/bin/python -m pip install --quiet --no-index --find-links wheelhouse eseal
	$(VENV)-offline/bin/eseal --version

clean:
	rm -rf $(VENV) $(VENV)-bench $(VENV)-offline build dist wheelhouse demo .judges
