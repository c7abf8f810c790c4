#!/usr/bin/env python3
"""What limits add to a request at the proxy: the same Envoy, backend and connection, without limits and with them.

One `fairway up` serves hosts that differ only in their policy. Requests go over one connection, one after another, to
each host in turn, so that all see the same machine; the difference between their times is what the limit costs. No
limit is ever reached.
"""

import argparse
import os
import tempfile
import time

from kube import API, Probe, Process, explain_failure, free_port, percentile, wait_for

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument("--fairway", default=".build/release/fairway")
ap.add_argument("--requests", type=int, default=10000, help="requests to each host")
options = ap.parse_args()

CASES = {
    "none": None,
    "perproxy": [("a", "PerProxy")],
    "global": [("a", "Global")],
    "global3": [("a", "Global"), ("b", "Global"), ("c", "Global")],
}
LABELS = {"none": "no limits", "perproxy": "one `PerProxy` limit", "global": "one `Global` limit",
          "global3": "three `Global` limits"}
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
POLICIES = "/apis/fairway.dev/v1alpha1/namespaces/default/ratelimitpolicies"


def ingress(name):
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name},
        "spec": {
            "ingressClassName": "fairway",
            "rules": [{"host": f"{name}.test",
                       "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}],
        },
    }


def policy(name, limits):
    return {
        "apiVersion": "fairway.dev/v1alpha1", "kind": "RateLimitPolicy", "metadata": {"name": name},
        "spec": {
            "targetRefs": [{"group": "networking.k8s.io", "kind": "Ingress", "name": name}],
            "limits": [{"name": limit, "scope": scope, "onLimiterFailure": "Deny", "key": [{"type": "ClientAddress"}],
                        "allow": {"requests": 1000000, "per": "Second"}} for limit, scope in limits],
        },
    }


def start(directory, processes):
    echo, http, https, api, admin = (free_port() for _ in range(5))
    processes.append(Process([options.fairway, "echo", "--port", str(echo)], f"{directory}/echo.log"))
    os.mkdir(f"{directory}/manifests")
    processes.append(Process(
        [options.fairway, "up", f"{directory}/manifests", "--http-port", str(http), "--https-port", str(https),
         "--api-port", str(api), "--admin-port", str(admin), "--data-dir", f"{directory}/data", "--in-memory"],
        f"{directory}/fairway.log"))
    kubeconfig = f"{directory}/data/kubeconfig"
    wait_for("the API server", 60, lambda: os.path.exists(kubeconfig) and API(kubeconfig).request("GET", "/api"))
    server = API(kubeconfig)
    server.request("POST", "/api/v1/namespaces/default/services", {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"ports": [{"port": 80, "targetPort": echo}]}})
    server.request("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}], "ports": [{"port": echo}]})
    return server, http


def is_programmed(server, name):
    ancestors = server.request("GET", f"{POLICIES}/{name}").get("status", {}).get("ancestors", [])
    return any(condition["type"] == "Programmed" and condition["status"] == "True"
               for ancestor in ancestors for condition in ancestor["conditions"])


def measure(server, http):
    probe = Probe(http)
    for name, limits in CASES.items():
        server.request("POST", INGRESSES, ingress(name))
        if limits:
            server.request("POST", POLICIES, policy(name, limits))
            wait_for(f"the policy {name} is programmed", 30, lambda: is_programmed(server, name))
        wait_for(f"{name}.test is served", 30, lambda: probe.status(f"{name}.test") == 200)
    times, wrong = {name: [] for name in CASES}, 0
    for index in range(options.requests + 200):
        for name in CASES:
            begin = time.perf_counter()
            status = probe.status(f"{name}.test")
            spent = time.perf_counter() - begin
            wrong += status != 200
            # The first ones open Envoy's connections.
            if index >= 200:
                times[name].append(1e6 * spent)
    return times, wrong


def report(times, wrong):
    print(f"\nA request through Envoy, {options.requests} of each kind, in turn over one connection (us)\n")
    print("| route with | p50 | p90 | p99 | added at p50 | added at p90 |")
    print("|---|---|---|---|---|---|")
    base = times["none"]
    for name, spent in times.items():
        added = [percentile(spent, share) - percentile(base, share) for share in (.5, .9)]
        tail = "- | -" if name == "none" else f"{added[0]:.0f} | {added[1]:.0f}"
        row = " | ".join(f"{percentile(spent, share):.0f}" for share in (.5, .9, .99))
        print(f"| {LABELS[name]} | {row} | {tail} |")
    print(f"\nWrong answers: {wrong}; load average {os.getloadavg()[0]:.0f}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        processes = []
        try:
            report(*measure(*start(directory, processes)))
        except RuntimeError:
            explain_failure(directory)
            raise
        finally:
            for process in reversed(processes):
                process.stop()


main()
