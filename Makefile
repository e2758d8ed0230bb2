# Each target sets up what it needs by itself; the first one makes .venv from the locked dependencies.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: demo test check fix lock bench-crawl bench-build bench-kills bench-soak bench-sites bench-replay bench-extraction train clean

demo: $(READY)  ## serve a sample newspaper, crawl it, build the archive, crawl again
	@$(BIN)/python -m tests.newspaper.demo

test: $(READY) check  ## format, lint, types, import contracts, tests
	@$(BIN)/python -m pytest -q --numprocesses auto --dist loadscope

check: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "run: make fix"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fix: $(READY)  ## format, and mend what the linter can
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

bench-crawl: $(READY)  ## articles a second, CPU and memory of a crawl with cleaning
	@$(BIN)/python -m benchmarks.crawl

bench-build: $(READY)  ## seconds and memory of a cold build, one with nothing changed, one with ten articles more
	@$(BIN)/python -m benchmarks.build $(or $(ARCHIVE),archive/demo)

bench-kills: $(READY)  ## 200 × kill -9 at random moments, then what is lost, doubled or half-written
	@$(BIN)/python -m benchmarks.kills

bench-soak: $(READY)  ## 200 short runs over a changing site, and what grew
	@$(BIN)/python -m benchmarks.soak

bench-sites: $(READY)  ## 100 sites at once, at one request a second each, for five minutes
	@$(BIN)/python -m benchmarks.many_sites

bench-replay: $(READY)  ## whether pywb replays our captures; PYWB=a python that has it
	@$(BIN)/python -m benchmarks.replay --pywb-python $(or $(PYWB),python3)

# DATA: folders of pages with their truth; PEERS, TRAIN: a python that has the requirements of the peers, of the training.
# More options go into OPTIONS: --repeat 3 --without all --worst 20 --readme
SETS = $(foreach folder,$(or $(DATA),$(error DATA="FOLDER …" says where the pages with their truth are)),--data $(folder))
WEIGHT ?= --weight fundus=3

bench-extraction: $(READY)  ## how well pages are read, and at what cost, beside the tools people use today
	@$(BIN)/python -m benchmarks.extraction $(SETS) $(if $(PEERS),--peer-python $(PEERS)) \
	  $(if $(TRAIN),--cross-validate 5 --train-python $(TRAIN) $(WEIGHT)) $(OPTIONS)

train: $(READY)  ## write the weights that judge blocks anew
	@$(or $(TRAIN),$(BIN)/python) -m benchmarks.extraction.train $(SETS) $(WEIGHT) --out crawler/cleaner/weights.json

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Pressmark needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (once)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement constraints.txt
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

lock:  ## write constraints.txt anew from the ranges in pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --no-strip-extras --output-file constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
