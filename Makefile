# make quick  a first page in two minutes
# make book   execute the pages, build the HTML          make test   everything that is checked
# make test-browser, test-torch, pdf, figure, picture, notebooks, records, verify-records, paper,
# bench, newest, soak, faults, lock, release, clean: see book/rerun.md. Nothing has to be activated.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV ?= .venv
# STAMP= uses VENV as it is and installs nothing: for conda, make book VENV="$$CONDA_PREFIX" STAMP=
STAMP ?= $(VENV)/.installed
PY := $(VENV)/bin/python

# One BLAS thread for each of two processes; data by absolute path.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
unexport MPLBACKEND
ifdef ALUTILS_DATA
override ALUTILS_DATA := $(shell cd "$(ALUTILS_DATA)" 2>/dev/null && pwd || echo missing)
ifeq ($(ALUTILS_DATA),missing)
$(error ALUTILS_DATA names no folder: give an existing one, or unset it)
endif
export ALUTILS_DATA
endif

# The first Python of at least 3.11 on the path; make PYTHON=/path/to/python3 chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# BUILD=FOLDER does all of it in a copy there, up to date with a checkout that may be read-only.
GOALS := $(or $(MAKECMDGOALS),book)
ifdef BUILD
.PHONY: $(GOALS) elsewhere
$(GOALS): elsewhere ; @:
elsewhere:
	@"$(PYTHON)" book/builder/elsewhere.py "$(BUILD)"
	@$(MAKE) -C "$(BUILD)" BUILD= $(if $(ALUTILS_DATA),ALUTILS_DATA="$(ALUTILS_DATA)") $(GOALS)
else
ifneq ($(shell test -w . && echo may),may)
$(error this folder may not be written: make BUILD=FOLDER $(GOALS) does it in a copy there)
endif
export ALUTILS_CACHE ?= $(CURDIR)/.cache

.PHONY: book quick commands test test-browser test-torch lint check figure picture pdf paper notebooks bench \
  records verify-records newest soak faults lock lock-effect release clean

# FRESH=1 computes the pools' runs anew, about an hour, instead of reading their records.
book: $(STAMP)
	@$(if $(FRESH),$(PY) -m book.builder.pool_runs --fresh)
	@$(PY) -m book.builder.execute
	@$(PY) -m book.builder.render

# One page of it, which make book then finds made.
quick: $(STAMP)
	@$(PY) -m book.builder.quick

test: lint book check

lint: $(STAMP)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

check: $(STAMP)
	@$(PY) -m pytest tests -q -n 2 --dist loadscope
	@$(PY) -m pytest --nbval notebooks -q -n 2 --dist loadscope --nbval-cell-timeout 300
	@$(PY) -m alutils records
	@$(PY) -m alutils verify --n 3 --bundle pools

test-browser: book
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v chrome >/dev/null \
	  || { echo "make test-browser needs Chromium (Debian, Ubuntu: apt install chromium)" >&2; exit 1; }
	@rm -rf _build/browser
	@$(PY) -m pytest tests/browser -q -n 2
	@$(PY) tests/browser/report.py

# The Papermill lines that README and book print, as pasted: twenty minutes or so.
commands: $(STAMP)
	@PYTHONPATH=.:tests $(PY) tests/stress/commands.py "$(MATCH)"

# PyTorch is no part of the lock: on Linux its wheel brings CUDA, 5 GB on disk.
test-torch: .venv-torch/.torch
	@.venv-torch/bin/python -m pytest tests/torch -q

SEEDS ?= 0 1 2
SCHEDULER ?= processes:2
paper: $(STAMP)
	@$(PY) -m book.builder.paper "$(DATASET)" --sizes $(SIZES) --seeds $(SEEDS) --scheduler "$(SCHEDULER)"

figure: $(STAMP)
	@$(PY) -m book.builder.figure $(NAME)

pdf: book
	@$(PY) -m book.builder.pdf

picture: book
	@$(PY) -m book.builder.fragments.headline

notebooks: $(STAMP)
	@$(PY) -m book.builder.notebooks $(NAMES)

# All cores, where nothing else runs.
ALL_CORES := env -u OPENBLAS_NUM_THREADS -u OMP_NUM_THREADS -u MKL_NUM_THREADS

bench: $(STAMP)
	@$(ALL_CORES) $(PY) tests/bench/bench.py $(ONLY)

records: $(STAMP)
	@$(PY) -m alutils record book/records.yml --match "$(MATCH)" --scheduler "$(SCHEDULER)"

N ?= 3
verify-records: $(STAMP)
	@$(ALL_CORES) $(PY) -m alutils verify --n $(N) $(if $(SEED),--seed $(SEED))

# Faults, by the thousand: kills, full disks, broken files, broken servers; some ten minutes.
SOAK_SEED ?= 0
SOAK_RECORD ?=
soak: $(STAMP)
	@$(PY) tests/stress/kills.py --seed $(SOAK_SEED) $(SOAK_RECORD)
	@$(PY) tests/stress/fuzz.py --seed $(SOAK_SEED) $(SOAK_RECORD)
	@$(PY) tests/stress/servers.py --seed $(SOAK_SEED) $(SOAK_RECORD)

# Faults planted in a copy, one at a time: some test must fail on each; some ten minutes.
faults: $(STAMP)
	@$(PY) tests/stress/faults.py

# make lock UPGRADE=1 takes the newest release of everything; lock-effect says what that changes,
# with a cache of its own, so that nothing comes from the old lock.
lock: $(STAMP)
	@$(PY) -m pip install -q uv
	@$(PY) tests/stress/lock.py write $(if $(UPGRADE),--upgrade)

lock-effect:
	@rm -rf .venv-lock
	@$(MAKE) VENV=.venv-lock STAMP= .venv-lock/.installed
	@ALUTILS_CACHE="$(CURDIR)/.venv-lock/cache" .venv-lock/bin/python tests/stress/lock.py effect

# Never a part of make test: what it says changes with every release.
TESTS ?= tests
newest:
	@rm -rf .venv-newest
	@"$(PYTHON)" -m venv .venv-newest
	@.venv-newest/bin/python -m pip install -qq --disable-pip-version-check -e ".[book,cluster,xtb,dev]"
	@.venv-newest/bin/python tests/stress/newest.py $(TESTS)

# Version, changelog, citation; wheel, archive, zipped book, checksums in _build/release/VERSION.
release: $(STAMP)
	@$(PY) -m book.builder.release "$(VERSION)"

clean:
	rm -rf _build book/experiments .mypy_cache .pytest_cache .ruff_cache .venv-newest .venv-lock

.venv-torch/.torch: requirements.lock tests/torch/requirements.txt
	@$(MAKE) VENV=.venv-torch STAMP= .venv-torch/.installed
	@echo "installing PyTorch into .venv-torch (once, 5 GB on Linux)"
	@.venv-torch/bin/python -m pip install -qq --disable-pip-version-check -r requirements.lock \
	  -r tests/torch/requirements.txt
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml
	@python="$(PYTHON)"; \
	test -n "$$python" && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed and not found: install it, or make PYTHON=/path/to/python3" >&2; exit 1; }; \
	"$$python" -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "$$python has no venv module: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	echo "installing into $(VENV) (once, about a minute)"; \
	"$$python" -m venv "$(VENV)"
	@$(PY) -m pip install -qq --disable-pip-version-check -r requirements.lock
	@$(PY) -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@
endif
