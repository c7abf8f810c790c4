# The one door to the project. `make` alone lists what there is.
#
#   make run                     build, fetch what is missing, serve Examples/hello
#   make test                    install what the tests need and run them all
#   make test T=TrafficCompiler  the tests of one room
#   make build P=fairway         one product;  CONFIG=release for an optimised build

CONFIG ?= debug
P ?= fairway
T ?=
FAIRWAY = .build/$(CONFIG)/fairway
# All but generated code.
FORMATTED = Package.swift Tests $(filter-out Sources/Gateway/EnvoyAPI,$(wildcard Sources/*/*))

.PHONY: help run build test fmt lint generate bench ci tools

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))
	@echo "also: fmt, lint, generate (protobuf code), bench, ci (what CI runs)"

run: build
	@FAIRWAY=$(FAIRWAY) Examples/hello/run

build:
	@Scripts/install-tools run
	swift build -c $(CONFIG) --product $(P)

test:
	@Scripts/install-tools test
	swift build --build-tests
	@# One after another: many start servers and proxies, and their load would disturb each other's.
	swift test --skip-build --no-parallel $(if $(T),--filter '^$(T)Tests\.')

fmt:
	swift format --in-place --recursive $(FORMATTED)

lint:
	swift format lint --strict --recursive $(FORMATTED)
	Scripts/check-imports

generate:
	@Scripts/install-tools generate
	Scripts/generate

bench:
	@Scripts/install-tools bench
	Benchmarks/run

ci:
	bash .ci/run
