#!/usr/bin/env python3
"""Route propagation: from the API server's answer to a write, to the first 200 through the proxy.

Ingresses are created one after another on the local API server, each measured before the next. Fairway and Traefik
follow the same server; the Ingresses alternate between the two, so that both see the same machine. Every answer other
than 404s followed by 200s counts as wrong.
"""

import argparse
import os
import sys
import tempfile
import time

from kube import API, Probe, Process, free_port, percentile, wait_for

ap = argparse.ArgumentParser(description=__doc__)
ap.add_argument("--fairway", default=".build/release/fairway")
ap.add_argument("--traefik", default=".tools/bin/traefik")
ap.add_argument("--routes", type=int, default=3000, help="Ingresses of each controller")
ap.add_argument("--only", choices=["fairway", "traefik"], help="leave the other out")
options = ap.parse_args()


def ingress(name, host, klass):
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name},
        "spec": {
            "ingressClassName": klass,
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}],
        },
    }


class Result:
    def __init__(self):
        self.times, self.wrong, self.missed = [], 0, 0

    def row(self, name, count):
        t = [1000 * x for x in self.times]
        if not t:
            return f"| {name} | - | - | - | - | {self.wrong} | {self.missed} |"
        return (f"| {name} | {sum(t) / len(t):.1f} | {percentile(t, .5):.1f} | {percentile(t, .99):.1f} "
                f"| {max(t):.1f} | {self.wrong} | {self.missed} |")


def measure(probe, host, result, patience=30):
    start = time.monotonic()
    good = 0
    while good < 3:
        status = probe.status(host)
        now = time.monotonic()
        if status == 200:
            if good == 0:
                result.times.append(now - start)
            good += 1
        elif status == 404 and good == 0:
            if now - start > patience:
                result.missed += 1
                return
            time.sleep(0.001)
        else:
            result.wrong += 1
            if now - start > patience:
                result.missed += 1
                return
            time.sleep(0.001)


with tempfile.TemporaryDirectory() as directory:
    http, https, api, admin, echo, thttp = (free_port() for _ in range(6))
    processes = []
    try:
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
        server.request("POST", "/apis/networking.k8s.io/v1/ingressclasses", {
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "traefik"},
            "spec": {"controller": "traefik.io/ingress-controller"}})
        contenders = []
        if options.only != "traefik":
            contenders.append(("fairway", Probe(http), Result()))
        if options.only != "fairway":
            processes.append(Process(
                [options.traefik, f"--entrypoints.web.address=127.0.0.1:{thttp}", "--providers.kubernetesingress",
                 f"--providers.kubernetesingress.endpoint={server.config['server']}",
                 f"--providers.kubernetesingress.token={server.config['token']}",
                 f"--providers.kubernetesingress.certauthfilepath={server.config['ca']}",
                 "--providers.kubernetesingress.ingressclass=traefik", "--log.level=ERROR"],
                f"{directory}/traefik.log"))
            contenders.append(("traefik", Probe(thttp), Result()))
        path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
        for name, probe, _ in contenders:
            server.request("POST", path, ingress(f"{name}-warm", f"{name}-warm.test", name))
            wait_for(f"{name} serves", 60, lambda: probe.status(f"{name}-warm.test") == 200)
        for index in range(options.routes):
            for name, probe, result in contenders:
                host = f"{name}-{index}.test"
                server.request("POST", path, ingress(f"{name}-{index}", host, name))
                measure(probe, host, result)
            if index % 100 == 99:
                print(f"  {index + 1} of {options.routes}", file=sys.stderr, flush=True)
        print(f"\nRoute created to first 200, {options.routes} Ingresses each, one after another (ms)\n")
        print("| controller | mean | p50 | p99 | max | wrong answers | never served |")
        print("|---|---|---|---|---|---|---|")
        for name, _, result in contenders:
            print(result.row(name, options.routes))
        if len(contenders) == 2 and all(r.times for _, _, r in contenders):
            means = [sum(r.times) / len(r.times) for _, _, r in contenders]
            print(f"\nRatio of means, fairway / traefik: {means[0] / means[1]:.3f}")
    except RuntimeError:
        for log in ("fairway", "traefik", "echo"):
            if os.path.exists(f"{directory}/{log}.log"):
                print(f"--- {log}\n" + open(f"{directory}/{log}.log").read()[-3000:], file=sys.stderr)
        raise
    finally:
        for process in reversed(processes):
            process.stop()
