# libflow's porcelain. `make` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
space := $(subst ,, )
PRESET ?= release
BUILD := build/$(PRESET)

.PHONY: help setup build demo test test-long test-asan test-tsan bench broker-jars kafka-up kafka-down format lint lint-all docs install clean

help: ## List the targets
	@echo "libflow: make TARGET"; grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14

setup: ## Install what is missing: packages, Arrow C++ in build/deps
	@cmake/bootstrap.sh

build: setup ## Build everything (PRESET=release|debug|asan|tsan)
	@echo "build: $(PRESET) in $(BUILD)"
	@cmake --preset $(PRESET) > $(BUILD).configure.log 2>&1 || { cat $(BUILD).configure.log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS)

demo: setup ## Build and run word count over the text in apps/data
	@cmake --preset release > build/release.configure.log 2>&1 || { cat build/release.configure.log; exit 1; }
	@cmake --build build/release -j $(JOBS) --target word_count
	@echo "demo: word_count --input apps/data --trigger available-now"
	@build/release/bin/word_count --input apps/data --trigger available-now

test: build broker-jars ## Build and run the tests
	@ctest --test-dir $(BUILD) --output-on-failure -LE long -j $(JOBS)

test-long: build broker-jars ## Every test, the long ones (hundreds of crashes) too
	@ctest --test-dir $(BUILD) --output-on-failure

# Without Java and Maven the Kafka tests say that they were skipped.
broker-jars:
	@tests/kafka/broker.sh fetch || true

kafka-up: ## Start a Kafka broker on 127.0.0.1:9092 (data in build/kafka)
	@tests/kafka/broker.sh up build/kafka 9092 auto.create.topics.enable=true num.partitions=2
	@echo "kafka: a broker answers on 127.0.0.1:9092"

kafka-down: ## Stop that broker
	@tests/kafka/broker.sh down build/kafka

# What finds memory errors and undefined behaviour soonest: whatever reads bytes, holds state or runs actors.
ASAN_TESTS := fuzz state format operators aggregate sources sinks planner parser actors engine differential
TSAN_TESTS := threads

test-asan: setup ## The fast tests under the address and undefined-behaviour sanitizers
	@cmake --preset asan > build/asan.configure.log 2>&1 || { cat build/asan.configure.log; exit 1; }
	@cmake --build build/asan -j $(JOBS) --target $(ASAN_TESTS:%=test_%)
	@ctest --test-dir build/asan --output-on-failure -j $(JOBS) -R '^($(subst $(space),|,$(ASAN_TESTS)))$$'

test-tsan: setup ## The classes that threads share, without actors, under the thread sanitizer
	@cmake --preset tsan > build/tsan.configure.log 2>&1 || { cat build/tsan.configure.log; exit 1; }
	@cmake --build build/tsan -j $(JOBS) --target $(TSAN_TESTS:%=test_%)
	@ctest --test-dir build/tsan --output-on-failure -R '^($(subst $(space),|,$(TSAN_TESTS)))$$'

bench: setup ## Measure: inputs in build/bench, figures as in docs/benchmarks.md
	@cmake --preset release > build/release.configure.log 2>&1 || { cat build/release.configure.log; exit 1; }
	@cmake --build build/release -j $(JOBS) --target flow_bench bench_inputs
	@apps/bench/run.sh build/release/bin build/bench

format: ## Format the sources with the pinned clang-format
	@cmake/lint.sh format

lint: ## Check format, and with clang-tidy the sources changed since main (needs a build)
	@cmake/lint.sh check
	@cmake/lint.sh tidy

lint-all: ## Check format, and all sources with clang-tidy (needs a build)
	@cmake/lint.sh check
	@cmake/lint.sh tidy all

docs: build ## Write docs/functions.md from the function catalogue
	@$(BUILD)/bin/flow functions --markdown > docs/functions.md

install: build ## Install into PREFIX (default /usr/local)
	@cmake --install $(BUILD) --prefix $(or $(PREFIX),/usr/local)

clean: ## Remove what was built (not build/deps)
	@rm -rf build/release build/debug build/asan build/tsan build/*.configure.log
