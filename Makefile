# hanbok: every target works on a fresh machine with Python >= 3.11, git and make.
# Packages come from wherever pip is configured to look; nothing else is fetched.

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# A lock never changes under an installed environment: its stamp does.
STAMP := .venv/.stamp

.DEFAULT_GOAL := help
.PHONY: help run test clients bench docs docs-ko docs-en check lint mypy basedpyright environment format lock studio
.PHONY: changelog clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(STAMP)-run ## start the server on 127.0.0.1:8700 with the embedded model
	@$(BIN)/hanbok serve $(ARGS)

test: $(STAMP)-test ## run the tests (ARGS="-k name" for some of them)
	@$(BIN)/pytest $(if $(ARGS),$(ARGS),$(FULL_TEST))

clients: $(STAMP)-test ## try frameworks that people use (LangChain and others) in an environment of their own
	@test -x .venv-clients/bin/python || $(BIN)/python -m venv .venv-clients
	@.venv-clients/bin/python -m pip install --quiet -r tests/clients/requirements.txt
	@HANBOK_CLIENTS=$(CURDIR)/.venv-clients/bin/python $(BIN)/pytest -q -rs tests/clients

bench: $(STAMP)-test ## measure; appends to benchmarks/LOG.md
	@$(BIN)/python benchmarks/run.py $(ARGS)

docs: docs-ko docs-en ## build docs/_build/{ko,en}, offline, warnings are errors

docs-ko docs-en: docs-%: $(STAMP)-docs
	@$(BIN)/sphinx-build -W --keep-going -q -c docs -D language=$* docs/$* docs/_build/$*
	@echo "docs/_build/$*/index.html"

check: lint mypy basedpyright ## lint, types, import contract, architecture
	$(BIN)/pytest tests/architecture -q

lint: $(STAMP)-check
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache

mypy: $(STAMP)-check
	$(BIN)/mypy

basedpyright: $(STAMP)-check
	$(BIN)/basedpyright --warnings

format: $(STAMP)-check ## format and repair what can be repaired
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(STAMP)-lock ## pin every dependency with its hashes, for Linux on x86-64 and aarch64, Python >= 3.11
	@tools/lock $(BIN)/uv

# What the checks and the documentation need, so that they can run side by side.
environment: $(STAMP)-check $(STAMP)-docs

studio: $(STAMP)-studio ## install what tunes models (extra `studio`): torch for this machine, the rest as locked

changelog: $(STAMP)-docs ## turn changelog.d/ into CHANGELOG.md (ARGS="--version 0.2.0")
	@$(BIN)/towncrier build $(ARGS)

clean: ## remove what the other targets made, the environment too; var/ and hanbok.yaml stay
	rm -rf .venv .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache docs/_build build dist

# Four packages are gated together on branch coverage; pyproject.toml holds the threshold.
FULL_TEST := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered

$(STAMP)-run: requirements/run.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# torch is not in the lock: this version takes the build for the machine, without CUDA where there is none.
$(STAMP)-studio: requirements/studio.txt $(STAMP)-run
	$(BIN)/python -m pip install torch==2.13.0
	$(BIN)/python -m pip install --require-hashes --no-deps -r requirements/studio.txt
	@touch $@

$(STAMP)-%: requirements/%.txt $(STAMP)-run
	$(BIN)/python -m pip install --require-hashes -r requirements/$*.txt
	@touch $@

# The types of all dependencies and of the tests are checked too.
$(STAMP)-check: $(STAMP)-test

# The reference pages are generated from the code, the workshop's too, whose engines the tests bring.
$(STAMP)-docs: $(STAMP)-test

.venv/bin/python:
	@tools/find-python -m venv .venv
