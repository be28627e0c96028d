# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
#
# make build   the Python package, installed into .venv
# make demo    mirrors real packets and shows it
# make test    lint, C tests, pytest
# make matrix  the same on each DPDK release of .ci/releases, in a chroot of its Debian; ONLY="24.11 25.11", QUICK=1, MINUTES=40
# make plugins the library for these releases, too, to attach to their applications
# make lint    the static checks alone
# make docs    a site of the pages, in build/docs
# make bench   what mirrors cost; with QUICK=1 in less time
# make bench-live  what live mirrors cost testpmd and Open vSwitch; with QUICK=1 in less time, with BEFORE=FILE next to another build
# make bench-ovs  mirrors of Open vSwitch against its own; with QUICK=1 in less time
# make stress  fuzzers, a thousand million packets, a hundred thousand mirrors, live applications, their ends, attaching: less than an hour
# make clean   as cloned
#
# Each first sees to what it needs: the Debian packages of .ci/packages.*, and .venv. DPDK=PREFIX before or behind a target
# takes a DPDK of your own, with shared libraries, which has been installed there.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: build demo test lint doxygen docs c-test bench bench-live bench-ovs stress matrix plugins clean FORCE
.DEFAULT_GOAL := build

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What is compiled once is kept: pytest works for seconds on the tests' files.
unexport PYTHONDONTWRITEBYTECODE
IN_VENV := PATH="$(CURDIR)/.venv/bin:$$PATH"

ifdef DPDK
# DPDK's .pc files would be read as more options than one.
ifneq ($(words $(DPDK)),1)
$(error DPDK=$(DPDK): pkg-config cannot tell of a path with blanks; install that DPDK elsewhere)
endif
LIBDPDK_PC := $(firstword $(wildcard $(addsuffix /pkgconfig/libdpdk.pc,$(DPDK)/lib $(DPDK)/lib/* $(DPDK)/lib64)))
ifeq ($(LIBDPDK_PC),)
$(error DPDK=$(DPDK): no pkgconfig/libdpdk.pc below its lib)
endif
export DPDK
export PKG_CONFIG_PATH := $(abspath $(dir $(LIBDPDK_PC)))$(PKG_CONFIG_PATH:%=:%)
export LD_LIBRARY_PATH := $(abspath $(dir $(LIBDPDK_PC))/..)$(LD_LIBRARY_PATH:%=:%)
export PATH := $(abspath $(DPDK)/bin):$(PATH)
endif

STAMPS := build/stamps
PACKAGES := .ci/packages.build $(if $(filter test lint doxygen docs c-test bench-live bench-ovs stress,$(MAKECMDGOALS)),.ci/packages.test)
# Each is a build folder of the library and its C tests.
C_BUILDS := gcc clang-asan
RUN_C_TESTS = for build in $(C_BUILDS); do $(IN_VENV) meson test -C build/c/$$build --print-errorlogs; done
# pytest's exit code.
TESTS_FAILED := 1
# Folders too: a file that has gone is a change.
SOURCES := meson.build meson.options build_ffi.py pyproject.toml README.md LICENSE docs/meson.build docs/generate.py \
	$(shell find csrc src -name __pycache__ -prune -o -print)
C_SOURCES := $(shell find csrc tests -name '*.[ch]')

build: $(STAMPS)/package

demo: $(STAMPS)/package
	@$(IN_VENV) python examples/demo.py

# The C tests are compiled and run beside all else: each waits much of its time, for processes, for threads. What they
# print is shown if they fail; else pytest's closing line comes last. It first compiles the tests' files, which else each of
# the four would, all at once. A test that fails beside others, on a machine that others use too, is run once more by itself,
# and counts as it is then.
test: $(STAMPS)/package $(STAMPS)/test-tools $(C_BUILDS:%=build/c/%/build.ninja)
	@$(if $(DPDK),$(IN_VENV) python .ci/check-dpdk.py "$$DPDK")
	@echo "C tests: build/c-test.log"
	@set -m; { $(RUN_C_TESTS); } >build/c-test.log 2>&1 </dev/null & set +m; c_tests=$$!; status=0; \
	trap 'kill -- -$$c_tests 2>/dev/null; exit 130' INT TERM; \
	make --no-print-directory lint docs || { kill -- -$$c_tests 2>/dev/null; exit 1; }; \
	$(IN_VENV) pytest -q --collect-only >/dev/null || :; \
	$(IN_VENV) pytest -n 4 --dist loadfile --no-loadscope-reorder || status=$$?; \
	wait $$c_tests || { cat build/c-test.log; exit 1; }; \
	[ $$status -ne $(TESTS_FAILED) ] || { $(IN_VENV) pytest --last-failed -x && status=0; }; exit $$status

lint: $(STAMPS)/test-tools $(STAMPS)/package doxygen
	$(IN_VENV) ruff check
	$(IN_VENV) ruff format --check
	$(IN_VENV) mypy
	$(IN_VENV) clang-format --dry-run -Werror $(C_SOURCES)

doxygen: $(STAMPS)/build-tools
	@mkdir -p build/doxygen
	doxygen docs/Doxyfile

# A warning is an error. The Python reference is that of the package as it is installed.
docs: doxygen $(STAMPS)/docs-tools $(STAMPS)/package
	$(IN_VENV) sphinx-build -q -W --keep-going -E -c docs -d build/doctrees . build/docs

# With testpmd, which is started with pytest's help.
c-test: $(STAMPS)/test-tools $(STAMPS)/package $(C_BUILDS:%=build/c/%/build.ninja)
	$(RUN_C_TESTS)

# The library as it is installed: gcc's build has the same options.
bench: build/c/gcc/build.ninja $(STAMPS)/bench-tools
	$(IN_VENV) meson compile -C build/c/gcc bench instructions
	@$(IN_VENV) python tests/bench/run.py $(if $(QUICK),--quick) build/c/gcc/tests/bench build/bench

# As root, on two CPUs: one is the poller's alone.
bench-live: $(STAMPS)/package $(STAMPS)/test-tools $(STAMPS)/bench-tools
	@$(IN_VENV) python tests/bench/live.py $(if $(QUICK),--quick) $(if $(BEFORE),--before $(BEFORE)) build/bench

bench-ovs: $(STAMPS)/package $(STAMPS)/test-tools $(STAMPS)/bench-tools
	@$(IN_VENV) python tests/bench/race.py $(if $(QUICK),--quick) build/bench

# Less than an hour in all: four fuzzers of 3 minutes each, 1 for filters, some 5 for packets and mirrors, 5 for the live
# application, the rest for those that end and for building. Short forms are among the tests.
stress: FUZZ_SECONDS ?= 180
stress: SOAK_SECONDS ?= 300
stress: $(C_BUILDS:%=build/c/%/build.ninja) $(STAMPS)/test-tools $(STAMPS)/package
	$(IN_VENV) meson compile -C build/c/gcc stress test_filter
	$(IN_VENV) meson compile -C build/c/clang-asan rte_mirror fuzz_filter fuzz_parameters fuzz_headers fuzz_requests
	build/c/gcc/tests/filter/test_filter 10000000
	build/c/clang-asan/tests/filter/fuzz_filter -max_total_time=$(FUZZ_SECONDS) -max_len=900 -len_control=0 -artifact_prefix=build/ \
		-verbosity=0 -print_final_stats=1
	build/c/clang-asan/tests/fuzz/fuzz_parameters -max_total_time=$(FUZZ_SECONDS) -max_len=1100 -artifact_prefix=build/ \
		-dict=tests/fuzz/parameters.dict -verbosity=0 -print_final_stats=1
	build/c/clang-asan/tests/fuzz/fuzz_headers -max_total_time=$(FUZZ_SECONDS) -max_len=600 -artifact_prefix=build/ \
		-dict=tests/fuzz/headers.dict -verbosity=0 -print_final_stats=1
	build/c/clang-asan/tests/fuzz/fuzz_requests -max_total_time=$(FUZZ_SECONDS) -max_len=1100 -artifact_prefix=build/ \
		-detect_leaks=0 -create_missing_dirs=1 -dict=tests/fuzz/requests.dict -verbosity=0 -print_final_stats=1 \
		build/c/clang-asan/tests/fuzz/requests tests/fuzz/requests
	STRESS_PACKETS=1000000000 STRESS_CYCLES=100000 build/c/gcc/tests/stress/stress
	$(IN_VENV) python tests/stress/live.py --seconds $(SOAK_SECONDS)
	$(IN_VENV) python tests/stress/ends.py
	$(IN_VENV) python tests/stress/deaths.py build/c/clang-asan/csrc/librte_mirror.so
	$(IN_VENV) python tests/stress/interruptions.py 500
	$(IN_VENV) python tests/stress/attaches.py
	$(IN_VENV) python tests/stress/captures.py

# As root. The chroots are kept outside of the tree: CHROOTS.
matrix:
	@.ci/install-packages .ci/packages.matrix || echo "without these no chroot can be made; those that are there do"
	@.ci/matrix.py

plugins: $(STAMPS)/package
	@.ci/install-packages .ci/packages.matrix
	@.ci/plugins.py

build/c/gcc/build.ninja: SETUP := env CC=gcc meson setup
# What the optimizer has removed no sanitizer sees; less of it is also compiled sooner, as is less to debug by: reports
# name functions and lines. gcc optimizes as the package does. With PCH=false each file includes what it needs, or fails:
# the matrix does it.
PCH ?= true
build/c/clang-asan/build.ninja: SETUP := env CC=clang meson setup -Db_sanitize=address,undefined -Doptimization=1 -Db_pch=$(PCH) -Dc_args=-g1

build/c/%/build.ninja: $(STAMPS)/build-tools
	rm -rf $(@D)
	$(IN_VENV) $(SETUP) --werror -Dtests=true $(@D)

$(STAMPS)/package: $(STAMPS)/build-tools $(SOURCES)
	$(IN_VENV) pip install -q --no-build-isolation --config-settings=build-dir=build/wheel \
		--config-settings=setup-args=-Dextension=enabled .
	@touch $@

$(STAMPS)/test-tools: $(STAMPS)/build-tools
	$(IN_VENV) pip install -q --no-compile --group test
	@touch $@

$(STAMPS)/docs-tools: $(STAMPS)/build-tools
	$(IN_VENV) pip install -q --no-compile --group docs
	@touch $@

$(STAMPS)/bench-tools: $(STAMPS)/build-tools
	$(IN_VENV) pip install -q --group bench
	@touch $@

# pip knows --group from 25.1 on.
$(STAMPS)/build-tools: .venv/identity pyproject.toml
	@mkdir -p $(@D)
	$(IN_VENV) pip install -q 'pip>=25.1'
	$(IN_VENV) pip install -q --group build --group demo
	@touch $@

# Written only when the environment is made anew.
.venv/identity: FORCE
	@.ci/install-packages $(PACKAGES)
	@.ci/make-venv

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
