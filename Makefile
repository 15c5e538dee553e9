# The outside of the build; `make help` lists what is here. What is compiled, and how, stands in CMakeLists.txt and CMakePresets.json.
JOBS ?= $(shell nproc)
FUZZ_TIME ?= 600
SOAK_TIME ?= 0
LISTEN ?= 127.0.0.1:7620
STORE ?= rocksdb:./data
PREFIX ?= /usr/local
DESTDIR ?=
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test deps build build-tests install deb test-deb lint lint-fast coverage sanitize fuzz soak bench ci format docs clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Installs what is missing, builds, and serves on LISTEN with STORE
	@exec build/release/codi serve --listen $(LISTEN) --store $(STORE)

deps: ## Installs the Debian packages that `make run` needs (root or sudo, only when some are missing)
	@tools/deps run

build: deps ## Builds codi and codi-log into build/release
	@tools/configure release OFF
	@ninja -C build/release -j $(JOBS) codi codi-log

install: build ## Installs below PREFIX (/usr/local), staged in DESTDIR; settings in /etc/codi that are there are kept
	@ninja -C build/release codi_documents
	@DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX) --strip

deb: build ## Makes the Debian package in build/deb
	@tools/deps run package
	@ninja -C build/release codi_documents
	@tools/deb build/release build/deb

test-deb: deb ## Checks the package with lintian, installs it in a copy of this system's root, and uses it there (root)
	@tests/packaging/deb_test.sh build/deb

build-tests:
	@tools/deps run test
	@tools/configure release ON
	@ninja -C build/release -j $(JOBS)

test: build-tests ## Installs, builds and runs every test
	@ctest --preset release -j $(JOBS)

bench: ## Measures codi beside nginx, etcd, SQLite, NATS and ws; writes build/bench/report.md. QUICK=1: a short run
	@tools/deps run test bench
	@tools/configure release OFF
	@cmake -S . -B build/release -DCODI_BENCHES=ON >/dev/null
	@ninja -C build/release -j $(JOBS) codi codi_load codi_feed_load codi_micro codi_bare_fdb
	@tools/bench instructions --check
	@tools/bench $(if $(QUICK),--quick)

lint: lint-fast ## Every check of the source: lint-fast, clang-tidy over src, eslint over the end-to-end tests
	@tools/lint -v -j $(JOBS) analysis
	@if [[ -x tests/e2e/run.sh ]]; then tests/e2e/run.sh --lint; fi

lint-fast: ## The checks that take seconds: clang-format, tools/tidy, shellcheck, doxygen
	@tools/deps run test lint
	@tools/lint format style shell docs

format: ## Lays out every source file
	@tools/deps run test lint
	@tools/lint --fix format

coverage: ## Runs every test instrumented; fails under 95 % of the lines of src
	@tools/deps run test
	@tools/configure coverage ON
	@ninja -C build/coverage -j $(JOBS)
	@tools/coverage build/coverage -j $(JOBS)

sanitize: ## Runs every test under ASan with UBSan, then under TSan
	@tools/deps run test
	@for preset in dev tsan; do \
	  tools/configure $$preset ON; ninja -C build/$$preset -j $(JOBS); ctest --preset $$preset -j $(JOBS); \
	done

ci: lint coverage sanitize test test-deb ## All of the above, as a release is checked

fuzz: ## Fuzzes every target with ASan and UBSan, for FUZZ_TIME seconds of all together
	@tools/deps run test
	@tools/configure fuzz ON
	@ninja -C build/fuzz -j $(JOBS) fuzz
	@tools/fuzz run build/fuzz --time $(FUZZ_TIME) --jobs $(JOBS)

soak: ## Checks random histories of claims until one has a flaw; SOAK_TIME seconds, from SEED
	@tools/deps run test
	@tools/configure release ON
	@ninja -C build/release -j $(JOBS) test_histories
	@SOAK_TIME=$(SOAK_TIME) SEED=$(SEED) tools/soak build/release

docs: ## Makes the reference of the C++ declarations in build/doxygen/html
	@tools/deps run test lint
	@tools/lint docs

clean: ## Removes what was built; keeps ./data
	rm -rf build
