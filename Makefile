# lab · studio · test · notebooks · bench; each sets up what it needs. PYTHON names another interpreter, 3.10 to 3.13.
PYTHON ?= python3
BIN := .venv/bin
NB ?=
LAB ?=
# Jupyter refuses to run as root unless told to; in a container root is all there is, and the server is local.
ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
# TensorFlow reports its build on stderr when a notebook imports it before helpers.
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: help lab studio test notebooks bench
help:
	@echo "make lab · make studio · make test · make notebooks · make bench"

# The set-up: once, and again when the requirements change. The preflight fetches the weights and paints a picture.
.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14) and "This course needs Python 3.10 to 3.13, this is %d.%d: name another one, as in make lab PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m helpers
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lab: .venv/ready
	$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(ROOT) $(LAB)

# Each visitor's page has a kernel of its own, which ends 40 s after the page was closed.
studio: .venv/ready
	$(BIN)/voila notebooks/studio.ipynb --Voila.ip=127.0.0.1 --MappingKernelManager.cull_idle_timeout=40 --MappingKernelManager.cull_interval=5 $(LAB)

test: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/pytest tests
	TQDM_DISABLE=1 MOVE_SLIDERS=1 $(BIN)/pytest --nbval notebooks

# Run the notebooks in place and keep them as readers see them; NB=notebooks/03_style_loss.ipynb runs one.
notebooks: .venv/ready-dev
	$(BIN)/python tests/run_notebooks.py $(NB)

bench: .venv/ready-dev
	$(BIN)/python tests/benchmark.py
