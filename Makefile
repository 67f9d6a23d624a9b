# lab · studio · book · test · soak · oldest · newest · notebooks · bench · atlas · lock; each sets up what it needs. PYTHON names another interpreter, 3.10 to 3.13.
PYTHON ?= python3
BIN := .venv/bin
NB ?=
LAB ?=
IP ?= 127.0.0.1
LOCK ?=
SOAK ?=
OLD ?= 3.10
NEW ?= 3.13
# Jupyter refuses to run as root unless told to; in a container root is all there is, and the server is local.
ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
# TensorFlow reports its build on stderr when a notebook imports it before helpers.
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: help lab studio book test soak oldest newest notebooks bench atlas lock
help:
	@echo "make lab        the course: JupyterLab, opened on chapter 00"
	@echo "make studio     the studio as a page without code"
	@echo "make book       the course as pages that need no kernel and no network: book/_build/html"
	@echo "make test       everything: linter, unit tests, the studio and the book in a browser, every notebook"
	@echo "make soak       what takes hours: many kernels, random filters, damaged pictures; SOAK=load for one part"
	@echo "make oldest     the unit tests with the oldest of everything that pyproject.toml admits; make newest: the newest"
	@echo "make notebooks  run the notebooks and keep their outputs; NB=notebooks/03_style_loss.ipynb for one"
	@echo "make bench      measure the engine, half an hour"
	@echo "make atlas      paint what is missing of data/atlas/, pictures that have arrived; all of it takes hours"
	@echo "make lock       requirements*.txt from the ranges in pyproject.toml; LOCK=--upgrade for what is newest"
	@echo "The first of them sets the course up. PYTHON=python3.12 names the Python, LAB=--port=8899 is for Jupyter."
	@echo "Only this machine reaches the pages; IP=0.0.0.0 opens them to the network, and to a container's host."

# The set-up: once, and again when the requirements change. The preflight fetches the weights and paints a picture;
# if it fails, the course opens all the same.
.venv/ready: requirements.txt pyproject.toml $(wildcard etc/*/*.json etc/*/*/*.json)
	@$(PYTHON) -c 'import platform, sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14) and "This course needs Python 3.10 to 3.13, this is %d.%d: name another one, as in make lab PYTHON=python3.12" % sys.version_info[:2] or (platform.system(), platform.machine()) == ("Darwin", "x86_64") and "TensorFlow has no build for Intel Macs, nor for an Intel Python on Apple silicon: the README says what to do.")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
	@$(BIN)/python -m helpers || echo "  The course opens all the same; $(BIN)/python -m helpers repeats this check."

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lab: .venv/ready
	$(BIN)/jupyter lab --ServerApp.ip=$(IP) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(ROOT) $(LAB)

# One kernel waits for the next visitor, loaded and compiled; a page's ends 40 s after the page was closed. Who reaches a
# kernel runs code here, so the address carries a token.
studio: .venv/ready
	$(BIN)/voila notebooks/studio.ipynb --Voila.ip=$(IP) --Voila.auto_token=True --preheat_kernel=True --pool_size=1 --VoilaConfiguration.multi_kernel_manager_class=helpers.serve.Kernels --MappingKernelManager.cull_idle_timeout=40 --MappingKernelManager.cull_interval=5 $(LAB)

# A chapter is run for its sliders' states, and again only when it or the code has changed.
book: .venv/ready-dev
	$(BIN)/python book/build.py

# Both runs list at their end what took over 10 s. A startup file in tests/ipython moves the chapters' sliders.
test: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/pytest tests
	TQDM_DISABLE=1 IPYTHONDIR=$(CURDIR)/tests/ipython $(BIN)/pytest --nbval notebooks

# Run the notebooks in place and keep them as readers see them; NB=notebooks/03_style_loss.ipynb runs one.
notebooks: .venv/ready-dev
	$(BIN)/python tests/run_notebooks.py $(NB)

# With SOAK="load --kernels 8 --painting 2 --minutes 1" for less; `tests/soak.py --help` names the parts.
soak: .venv/ready-dev
	$(BIN)/python tests/soak.py $(SOAK)

# The ends of the ranges, each in an environment of its own and on the Python at that end; OLD=…/bin/python3.10 names it.
# Left out is what needs minutes, a browser, or what is locked.
oldest: .venv/ready-dev
	$(call tried,.venv-oldest,$(OLD),lowest-direct)
newest: .venv/ready-dev
	$(call tried,.venv-newest,$(NEW),highest)
define tried
$(BIN)/uv venv --quiet --clear --seed --python $(2) $(1)
$(BIN)/uv pip install --quiet --python $(1) --resolution $(3) -e . --group dev
$(1)/bin/python -m pytest -q -p no:cacheprovider -m "not slow" tests --ignore tests/test_house.py --ignore tests/test_browser.py \
	--ignore tests/test_serve.py --ignore tests/test_scrub.py --ignore tests/test_book.py --ignore tests/test_notebooks.py
endef

bench: .venv/ready-dev
	$(BIN)/python tests/benchmark.py

# One run at a time; may be stopped and started again. RUNS='hero/*' for some.
atlas: .venv/ready
	$(BIN)/python data/atlas/make.py $(if $(RUNS),'$(RUNS)')

# One version of everything for Python 3.10 to 3.13 and all systems. What is locked stays as long as its range admits it.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --fork-strategy fewest \
	--no-emit-index-url --custom-compile-command "make lock" $(LOCK)
lock:
	@test -x $(BIN)/uv || $(MAKE) .venv/ready-dev
	echo "-e ." | $(COMPILE) --annotation-style line - --output-file requirements.txt
	@sed '/^-e/d' requirements.txt > .venv/locked
	$(COMPILE) --no-annotate --group dev --constraints .venv/locked --output-file requirements-dev.txt
