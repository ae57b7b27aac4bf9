# Everything a developer or CI runs. `make` alone lists the targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PIP_INSTALL := $(PIP) install --quiet --require-hashes
CODE := recommender tests tools $(wildcard benchmarks)

# Arguments handed through: make test ARGS='-k hubble'
ARGS ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- installing -----------------------------------------------------------------------------
# Each step leaves a stamp, so that it runs again only when what it depends on has changed.

$(VENV)/.created: tools/make-venv
	@tools/make-venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.created requirements/runtime.lock requirements/build.lock pyproject.toml
	@echo "installing the pinned dependencies into $(VENV)"
	@$(PIP_INSTALL) -r requirements/runtime.lock -r requirements/build.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q recommender
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	@echo "installing the pinned development tools into $(VENV)"
	@$(PIP_INSTALL) -r requirements/dev.lock
	@touch $@

.PHONY: install install-dev
install: $(VENV)/.runtime ## install the project and what it needs to run into .venv
install-dev: $(VENV)/.dev ## the same, and the tools that tests and checks need

# --- running --------------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.runtime ## draft policies from the sample capture in data/
	$(BIN)/recommender recommend $(wildcard data/*.jsonl data/*.jsonl.gz data/*.jsonl.zst) -d out/demo

.PHONY: bench
bench: $(VENV)/.dev ## time the main job against a scan floor, orjson and jq
	$(BIN)/python benchmarks/main_job.py $(ARGS)

.PHONY: bench-evaluator
bench-evaluator: $(VENV)/.dev ## time reach and replay; ARGS='--peer NCA' compares with network-config-analyzer
	$(BIN)/python benchmarks/evaluator.py $(ARGS)

.PHONY: bench-coverage
bench-coverage: $(VENV)/.dev ## how right the coverage of the window is, and what drafts deny later
	$(BIN)/python benchmarks/coverage.py $(ARGS)

.PHONY: bench-vpc
bench-vpc: $(VENV)/.dev ## time 10,000,000 AWS rows joined with a history; then who is called the client
	$(BIN)/python benchmarks/vpc.py $(ARGS)
	$(BIN)/python benchmarks/orientation.py

.PHONY: bench-reading
bench-reading: $(VENV)/.dev ## time AWS rows in every form they may lie in, and small objects of a bucket
	$(BIN)/python benchmarks/reading.py $(ARGS)

.PHONY: bench-report
bench-report: $(VENV)/.dev ## size and speed of the page of 2,000 workloads in Chromium
	$(BIN)/python benchmarks/report_page.py $(ARGS)

.PHONY: bench-segments
bench-segments: $(VENV)/.dev ## measure segments on generated clusters with known truth; ARGS=--growth for size
	$(BIN)/python benchmarks/segments.py $(ARGS)

.PHONY: bench-doubt
bench-doubt: $(VENV)/.dev ## what doubt catches, asks in vain and costs, and whether decisions last
	$(BIN)/python benchmarks/doubt.py $(ARGS)

.PHONY: bench-granularity
bench-granularity: $(VENV)/.dev ## count the policies that segments spare, and what they open
	$(BIN)/python benchmarks/granularity.py $(ARGS)

# --- checking -------------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.dev ## run the tests
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)

.PHONY: agreement
agreement: $(VENV)/.dev ## hold the engine against the naive evaluator on 10,000 random clusters
	RECOMMENDER_AGREEMENT_CLUSTERS=10000 $(BIN)/pytest tests/evaluation/test_naive_agreement.py $(ARGS)

.PHONY: mutants
mutants: $(VENV)/.dev ## break one rule of the policy semantics at a time; the tests must notice
	$(BIN)/python tools/mutants.py $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## formatter, linter, types, import contract, docs
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/check_docs.py

.PHONY: fix
fix: $(VENV)/.dev ## format, and mend what the linter can mend
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: docs
docs: $(VENV)/.dev ## bring the help texts in docs/commands.md up to date
	$(BIN)/python tools/check_docs.py --write

.PHONY: docs-picture
docs-picture: $(VENV)/.dev ## draw the picture and the excerpts in the documentation anew
	$(BIN)/python tools/docs_picture.py

.PHONY: docs-page-picture
docs-page-picture: $(VENV)/.dev ## take the picture of the page in the documentation anew; needs chromium
	$(BIN)/python tools/page_picture.py

# --- building -------------------------------------------------------------------------------

.PHONY: build
build: $(VENV)/.dev ## build the wheel and the sdist into dist/
	@rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .

# The lock holds versions and hashes only: where they come from is the installer's own setting.
LOCK := UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url

.PHONY: lock
lock: $(VENV)/.dev ## pin the newest versions of every dependency, with hashes
	@# All of it first, so that what a run needs and what tests need agree on one version of each.
	$(LOCK) pyproject.toml --all-extras --group dev --output-file requirements/dev.lock
	$(LOCK) pyproject.toml --constraint requirements/dev.lock --output-file requirements/runtime.lock
	$(LOCK) --group build --constraint requirements/dev.lock --output-file requirements/build.lock

.PHONY: clean
clean: ## remove everything that can be made again
	rm -rf $(VENV) build dist out .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
