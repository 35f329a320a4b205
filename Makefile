# make run           ask the built-in Explore agent about this repository; no key needed
# make test          formatting, style, types, imports, tests
# make test-doors    the tests that need npm or a browser
# make test-live     claude, codex, gemini and opencode from npm, each against a model on this machine
# make offered       records what MCP clients are told of the tools before the server runs
# make release-check TAG=v0.1.0   may this tree be released under that tag?
#
# PYTHON=python3.12  which Python makes .venv      QUESTION="..."  what `make run` asks
# UV=                install with pip although uv is there

PYTHON ?= python3
QUESTION ?= how are slots taken, and where are they given back?

VENV := .venv
BIN := $(VENV)/bin
UV ?= $(shell command -v uv 2>/dev/null)
export UV_PYTHON_DOWNLOADS := never

ifeq ($(strip $(UV)),)
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check
else
INSTALL := $(UV) pip install -q --python $(BIN)/python
endif

.DEFAULT_GOAL := help
.PHONY: help run venv venv-dev test test-doors test-live lint format offered bench constraints release-check clean

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

run: venv
	$(BIN)/subagents run Explore "$(QUESTION)"

# Stories told with real processes wait more than they compute, so two workers halve them even on two cores.
test: lint
	$(BIN)/python -m pytest -q -n auto --dist worksteal

# pytest closes with exit code 5 when no test is marked; that is said, and is no failure.
test-doors: venv-dev
	@code=0; found=$$($(BIN)/python -m pytest -q -m doors --collect-only 2>&1) || code=$$?; \
	if [ $$code = 5 ]; then echo "make test-doors: no test is marked 'doors' yet"; \
	elif [ $$code != 0 ]; then echo "$$found"; exit $$code; \
	else $(BIN)/python -m pytest -q -m doors; fi

# The programs are installed into a folder that goes away again; nothing is asked of any provider.
LIVE_PROGRAMS := @anthropic-ai/claude-code @openai/codex @google/gemini-cli opencode-ai
test-live: venv-dev
	@prefix=$$(mktemp -d) && trap 'rm -rf "$$prefix"' EXIT && \
	npm install --prefix "$$prefix" --no-audit --no-fund --loglevel=error $(LIVE_PROGRAMS) && \
	for name in claude codex gemini opencode; do \
	  echo "$$name $$("$$prefix/node_modules/.bin/$$name" --version 2>/dev/null | tail -1)"; done && \
	LIVE_PROGRAMS="$$prefix/node_modules/.bin" $(BIN)/python -m pytest -q -m live tests/live

lint: venv-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: venv-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# What `subagents mcp` answers at once; a test says when it is out of date.
OFFERED := src/subagents/serve/front/offered.json
offered: venv-dev
	$(BIN)/python -m subagents.serve.mcp.offering > $(OFFERED).new && mv $(OFFERED).new $(OFFERED)

bench: venv-dev
	@if [ -d benchmarks ]; then $(BIN)/python -m benchmarks; else echo "make bench: there are no benchmarks yet"; fi

# What a new environment resolves to on the oldest supported Python, which also needs the backports. A line
# for a package that another Python or platform does not need is ignored there.
constraints: | $(BIN)/python
	rm -rf $(VENV)/resolve
	$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "make constraints: use Python 3.11, the oldest that is supported")'
	$(BIN)/python -m venv $(VENV)/resolve
	$(VENV)/resolve/bin/python -m pip install -q --disable-pip-version-check '.[dev]'
	{ echo '# What this project is developed and tested with. Made by `make constraints`.'; \
	  $(VENV)/resolve/bin/python -m pip freeze --disable-pip-version-check | grep -v '^subagents'; } > $(VENV)/constraints.txt
	rm -rf $(VENV)/resolve
	mv $(VENV)/constraints.txt constraints.txt

# Also what the release workflow asks first; RELEASE.md says what it looks at.
release-check: | $(BIN)/python
	@$(BIN)/python .github/release_check.py "$(TAG)"

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: made once, and again when what it is made from changes ---

venv: $(VENV)/.installed
venv-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "subagents needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + "; name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed
