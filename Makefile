# The one door to the project. `make` alone lists what there is.
#
#   make run                     build, fetch what is missing, serve Examples/hello
#   make test                    install what the tests need and run them all
#   make test T=TrafficCompiler  the tests of one room
#   make build                   .build/debug/fairway; CONFIG=release for an optimised build, P= for another product
#   make cni                     .build/fairway-cni, the CNI executable as one static file
#   make fmt                     formats the code; make lint only looks, and checks the imports
#   make generate                the protobuf code of Envoy's API, from Protos/, and Deploy/crds from the schemas
#   make bench                   the numbers of Benchmarks/, on this machine
#   make ci                      what CI runs

CONFIG ?= debug
P ?= fairway
T ?=
FAIRWAY = .build/$(CONFIG)/fairway
# All but generated code.
FORMATTED = Package.swift Tests $(filter-out Sources/Gateway/EnvoyAPI,$(wildcard Sources/*/*))

.PHONY: help run build cni test fmt lint generate bench ci

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

run: build
	@exec env FAIRWAY=$(FAIRWAY) Examples/hello/run

build:
	@Scripts/install-tools run
	swift build -c $(CONFIG) --product $(P)

cni:
	@Scripts/build-cni

test:
	@Scripts/install-tools test
	swift build --product fairwayPackageTests
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
	swift build --product fairway
	.build/debug/fairway crds --output Deploy/crds

bench:
	@Scripts/install-tools bench
	Benchmarks/run

ci:
	bash .ci/run
