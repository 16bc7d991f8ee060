# The one door. `make demo` and `make test` need Python 3.11+, pip and make, and nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs clean

PY := .venv/bin/python
BASE := .venv/.ready-base
DEV := .venv/.ready-dev

help:  ## list these targets
	@grep -hE '^[a-z]+: .*##|^[a-z]+:  ##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/'

$(BASE): pyproject.toml scripts/bootstrap
	@sh scripts/bootstrap base
	@touch $@

$(DEV): pyproject.toml scripts/bootstrap $(BASE)
	@sh scripts/bootstrap dev
	@touch $@

demo: $(BASE)  ## stream an answer from a real model on this machine: no key, no network after the first run
	@$(PY) -m grokkit local pull
	@$(PY) examples/demo.py

test: $(DEV)  ## run the test suite, on up to four cores; ARGS="tests/wire -k sse" runs some of it
	@$(PY) -m grokkit local pull
	@$(PY) -m pytest -n auto --dist worksteal $(ARGS)

lint: $(DEV)  ## ruff, mypy --strict, pyright, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/pyright
	.venv/bin/lint-imports

bench: $(DEV)  ## measure us against our peers, as ratios in one run
	@$(PY) benchmarks/run.py $(ARGS)

docs: $(DEV)  ## run every example of README, docs and docstrings
	@$(PY) -m pytest tests/docs $(ARGS)

clean:  ## remove everything these targets made
	rm -rf .venv .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
