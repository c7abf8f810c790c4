#!/usr/bin/env python3
"""Route propagation: from the API server's answer to a write, to the first 200 through the proxy.

Ingresses are created one after another on the local API server, each served before the next is written. Fairway and
Traefik follow the same server; their Ingresses alternate, so that both see the same machine. Every answer other than
404s followed by 200s counts as wrong.
"""

import argparse
import os
import sys
import tempfile
import time

from kube import (API, Probe, Process, command_of, cpu_seconds, explain_failure, free_port, percentile,
                  wait_for)

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument("--fairway", default=".build/release/fairway")
ap.add_argument("--traefik", default=".tools/bin/traefik")
ap.add_argument("--routes", type=int, default=3000, help="Ingresses of each controller")
ap.add_argument("--traefik-sample", type=int, default=100,
                help="how many of Traefik's Ingresses, evenly spread, are waited for: each takes it two seconds")
ap.add_argument("--only", choices=["fairway", "traefik"], help="leave the other out")
options = ap.parse_args()

INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"


def ingress(name, host, klass):
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name},
        "spec": {
            "ingressClassName": klass,
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}],
        },
    }


class Contender:
    def __init__(self, name, port, sample, process):
        self.name, self.probe, self.sample, self.process = name, Probe(port), sample, process
        self.times, self.wrong, self.missed = [], 0, 0

    def cpu(self):
        """CPU seconds so far of each of its processes, by command."""
        return {command_of(pid): cpu_seconds(pid) for pid in self.process.children()}

    def measure(self, host, patience=30):
        """Asks every millisecond until three answers in a row are 200."""
        start = time.monotonic()
        good = 0
        while good < 3:
            status = self.probe.status(host)
            now = time.monotonic()
            if status == 200:
                if good == 0:
                    self.times.append(now - start)
                good += 1
                continue
            if status != 404 or good > 0:
                self.wrong += 1
            if now - start > patience:
                self.missed += 1
                return
            time.sleep(0.001)

    def row(self, times, label):
        t = [1000 * x for x in times]
        if not t:
            return f"| {label} | 0 | - | - | - | - | {self.wrong} | {self.missed} |"
        return (f"| {label} | {len(t)} | {sum(t) / len(t):.1f} | {percentile(t, .5):.1f} | {percentile(t, .99):.1f} "
                f"| {max(t):.1f} | {self.wrong} | {self.missed} |")


def start_fairway(directory, processes, echo):
    http, https, api, admin = (free_port() for _ in range(4))
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
    server.request("POST", "/apis/networking.k8s.io/v1/ingressclasses", {
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "traefik"},
        "spec": {"controller": "traefik.io/ingress-controller"}})
    return server, http


def start_traefik(directory, processes, server):
    port = free_port()
    processes.append(Process(
        [options.traefik, f"--entrypoints.web.address=127.0.0.1:{port}", "--providers.kubernetesingress",
         f"--providers.kubernetesingress.endpoint={server.config['server']}",
         f"--providers.kubernetesingress.token={server.config['token']}",
         f"--providers.kubernetesingress.certauthfilepath={server.config['ca']}",
         "--providers.kubernetesingress.ingressclass=traefik", "--log.level=ERROR"],
        f"{directory}/traefik.log"))
    return port


def run(server, contenders):
    for one in contenders:
        server.request("POST", INGRESSES, ingress(f"{one.name}-warm", f"{one.name}-warm.test", one.name))
        wait_for(f"{one.name} serves", 60, lambda: one.probe.status(f"{one.name}-warm.test") == 200)
    before = {one.name: one.cpu() for one in contenders}
    for index in range(options.routes):
        for one in contenders:
            host = f"{one.name}-{index}.test"
            server.request("POST", INGRESSES, ingress(f"{one.name}-{index}", host, one.name))
            if index % max(1, options.routes // one.sample) == 0:
                one.measure(host)
        if index % 500 == 499:
            print(f"  {index + 1} of {options.routes}", file=sys.stderr, flush=True)
    return {(one.name, command): (spent - before[one.name].get(command, 0)) / options.routes
            for one in contenders for command, spent in one.cpu().items()}


def report(contenders, spent):
    print(f"\nRoute created to first 200, {options.routes} Ingresses each, one after another (ms)\n")
    print("| controller | measured | mean | p50 | p99 | max | wrong answers | never served |")
    print("|---|---|---|---|---|---|---|---|")
    for one in contenders:
        print(one.row(one.times, one.name))
        third = len(one.times) // 3
        if one.name == "fairway" and third > 0:
            print(one.row(one.times[:third], "fairway, first third"))
            print(one.row(one.times[-third:], "fairway, last third"))
    print("\nCPU for each route, reading of all Ingresses and the benchmark's own requests included:")
    for (name, command), seconds in spent.items():
        print(f"  {name}: {command} {1000 * seconds:.1f} ms")
    if len(contenders) == 2 and all(one.times for one in contenders):
        means = [sum(one.times) / len(one.times) for one in contenders]
        print(f"\nRatio of means, fairway / traefik: {means[0] / means[1]:.4f}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        processes = []
        try:
            echo = free_port()
            processes.append(Process([options.fairway, "echo", "--port", str(echo)], f"{directory}/echo.log"))
            server, http = start_fairway(directory, processes, echo)
            contenders = []
            if options.only != "traefik":
                contenders.append(Contender("fairway", http, options.routes, processes[1]))
            if options.only != "fairway":
                port = start_traefik(directory, processes, server)
                contenders.append(Contender("traefik", port, options.traefik_sample, processes[-1]))
            report(contenders, run(server, contenders))
        except RuntimeError:
            explain_failure(directory)
            raise
        finally:
            for process in reversed(processes):
                process.stop()


main()
