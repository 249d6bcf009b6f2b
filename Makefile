# Everything a person types. Only Python 3.11 to 3.14, make and git are needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
READY := $(VENV)/.ready
READY_TO_TEST := $(VENV)/.ready-to-test
export PATH := $(CURDIR)/$(BIN):$(PATH)
# where this is set, Python keeps no bytecode, and every start compiles PyTorch and MLflow anew
export PYTHONDONTWRITEBYTECODE :=
# "cpu" picks PyTorch's small CPU build where its own index, or a copy of it at TORCH_INDEX, can be reached
TORCH_BACKEND ?=
TORCH_INDEX ?=
# an NVIDIA driver, of Linux or of Windows below it: a GPU gets all of CUDA, a CPU what PyTorch cannot start without
NVIDIA ?= $(wildcard /proc/driver/nvidia/version /usr/lib/wsl/lib/libcuda.so.1)

.DEFAULT_GOAL := help
.PHONY: help env run test test-slow demo ui slides pdf experiments check lint format bench bench-precision bench-steps bench-pipeline calibrate plain-check other-seeds torture lock ray sbom audit

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

# What a study needs, then the tools of `make test` and `make check`. A lock is complete, so nothing is resolved here.
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
LOCKED := $(INSTALL) --no-deps --require-hashes
CUDA_BUILD := (torch|torchvision|nvidia-[a-z0-9-]+)==

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 14) else f"Python 3.11 to 3.14 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(UV): | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): requirements.lock requirements-gpu.lock pyproject.toml | $(BIN)/python $(UV)
ifeq ($(TORCH_BACKEND),)
	$(LOCKED) -r requirements.lock $(if $(NVIDIA),-r requirements-gpu.lock)
else
	awk '/^[a-z]/ {kept = !/^$(CUDA_BUILD)/} kept' requirements.lock > $(VENV)/without-torch.lock
	$(LOCKED) -r $(VENV)/without-torch.lock
	$(INSTALL) $(if $(TORCH_INDEX),--default-index $(TORCH_INDEX),--torch-backend $(TORCH_BACKEND)) $$(grep -oE '^torch(vision)?==[0-9.]+' requirements.lock)
endif
	$(INSTALL) --no-deps --editable .
	@touch $@

$(READY_TO_TEST): requirements-dev.lock $(READY)
	$(LOCKED) -r requirements-dev.lock
	@touch $@

env: $(READY_TO_TEST) ## .venv with the development tools, without running anything

run: $(READY) ## the whole study, ends with the answer; PROBLEMS=cifar10,next_word: some problems alone
	@$(BIN)/python -m pipeline run $(if $(PROBLEMS),--problems "$(PROBLEMS)")

# one process makes the small study that many tests use; the other tests run in the others
PYTEST := $(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist loadgroup --durations 20

test: $(READY_TO_TEST) ## the tests
	$(PYTEST)

test-slow: $(READY_TO_TEST) ## the slow tests as well
	$(PYTEST) -m "slow or not slow"

demo: $(READY) ## the same pipeline on handwritten digits, no download, about two minutes
	@$(BIN)/python -m pipeline demo

ui: $(READY) ## the runs, in the MLflow UI on 127.0.0.1
	@$(BIN)/python -m pipeline ui

slides: $(READY) ## the report's main figures as pictures for slides, in exports/
	@$(BIN)/python -m pipeline slides

pdf: $(READY) ## the report on paper, exports/report.pdf (needs Chromium or Chrome)
	@$(BIN)/python -m pipeline pdf

# comparison.baseline of params.yaml
BASELINE = $(shell sed -n 's/^  baseline: *\([a-z0-9_]*\).*/\1/p' params.yaml)

experiments: $(READY) ## the experiments side by side: the key figures, and the params that differ
	@$(BIN)/dvc exp show --only-changed --keep 'champion|accuracy.(champion|$(BASELINE))' --drop '.*/|.*\.(label|class)$$|claims.(inconclusive|not_tested)|Created|State|Executor'

check: lint test ## format, lint, types, import layers, tests

lint: $(READY_TO_TEST) ## format, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY_TO_TEST) ## correct format and lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## images per second compared with plain PyTorch loops, about ten minutes
	$(BIN)/python -m benchmarks.throughput

bench-precision: $(READY) ## how much faster bfloat16 is, for each network
	$(BIN)/python -m benchmarks.precision

bench-steps: $(READY) ## how much each part of the fast training step gains
	$(BIN)/python -m benchmarks.steps

bench-pipeline: $(READY) ## wall time, overhead and memory of every stage
	$(BIN)/python -m benchmarks.stages

calibrate: $(READY) ## how often the study reports a difference where there is none, and how small a real one it finds
	$(BIN)/python -m benchmarks.calibrate

plain-check: $(READY) ## three optimizers by a plain PyTorch loop: does it reach what the study reports?
	$(BIN)/python -m benchmarks.plain_check

other-seeds: $(READY) ## the whole study again with other seeds and another search: which verdicts change?
	$(BIN)/python -m benchmarks.other_seeds

SEED ?= 1
KILLS ?= 30

torture: $(READY_TO_TEST) ## break a small study again and again (about an hour); SEED=2, KILLS=30
	$(BIN)/python -m tests.faults.torture --seed $(SEED) --kills $(KILLS)

ray: $(READY) ## install Ray, for trainings on many machines (docs/how-to/many-machines.md)
	$(LOCKED) -r requirements-ray.lock

# Read from requirements.lock alone, by programs that get an environment of their own.
sbom: $(READY) ## what `make run` installs, as a software bill of materials: build/sbom.json (CycloneDX)
	@mkdir -p build
	$(UV) tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json

audit: $(READY) ## known vulnerabilities of what is installed; asks a database on the internet
	$(UV) tool run pip-audit==2.10.1 --disable-pip --require-hashes $(foreach lock,$(wildcard requirements*.lock),-r $(lock))

# What PyTorch asks for on Linux but neither imports nor needs on a CPU: 1.4 GB (docs/how-to/install.md)
GPU_ONLY := triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cuda-cccl nvidia-cusolver nvidia-nvjitlink nvidia-nvtx
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
# a second lock has only what the first one lacks
BEYOND = $(COMPILE) --constraints requirements.lock $$(sed -nE 's/^([a-z0-9-]+)==.*/--no-emit-package \1/p' requirements.lock)
NOT_GPU := $(addprefix --no-emit-package ,$(GPU_ONLY))

lock: $(READY) ## write the four locks again
	$(COMPILE) $(NOT_GPU) --extra examples pyproject.toml -o requirements.lock
	echo torch | $(BEYOND) - -o requirements-gpu.lock
	$(BEYOND) $(NOT_GPU) --group dev pyproject.toml -o requirements-dev.lock
	$(BEYOND) $(NOT_GPU) --constraints requirements-dev.lock --extra ray pyproject.toml -o requirements-ray.lock
