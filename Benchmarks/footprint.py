#!/usr/bin/env python3
"""Footprint: memory and CPU of the controller and of its proxy, idle and while endpoints change.

By default 5,000 routes: 500 Ingresses with a host of their own and ten paths, over 1,000 Services with two endpoints
each. The API server is a process apart (`fairway api`), so that the controller is measured alone. Then the same
Ingresses are given to Traefik, which is controller and proxy in one.

Memory is the resident set at the end of each phase. CPU is what the process spent in the phase, in cores.
"""

import argparse
import os
import tempfile
import threading
import time
import urllib.error
import urllib.request

from kube import API, Process, command_of, cpu_seconds, explain_failure, free_port, private_mib, rss_mib, wait_for

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--fairway", default=".build/release/fairway")
ap.add_argument("--traefik", default=".tools/bin/traefik")
ap.add_argument("--hosts", type=int, default=500)
ap.add_argument("--paths", type=int, default=10, help="paths, and so routes, of each host")
ap.add_argument("--services", type=int, default=1000)
ap.add_argument("--rate", type=int, default=50, help="changes of an EndpointSlice per second while endpoints change")
ap.add_argument("--seconds", type=float, default=20, help="length of each phase")
ap.add_argument("--only", choices=["fairway", "traefik"], help="leave the other out")
options = ap.parse_args()

INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
SERVICES = "/api/v1/namespaces/default/services"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"


def ingress(index, klass):
    paths = []
    for place in range(options.paths):
        service = (index * options.paths + place) % options.services
        paths.append({"path": f"/p{place}", "pathType": "Prefix",
                      "backend": {"service": {"name": f"s{service}", "port": {"number": 80}}}})
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": f"i{index}"},
            "spec": {"ingressClassName": klass, "rules": [{"host": f"h{index}.test", "http": {"paths": paths}}]}}


def endpoints(index, turn):
    """Addresses of this machine, so that no packet leaves it; nobody listens there."""
    return [{"addresses": [f"127.{1 + turn % 200}.{index // 250}.{1 + index % 250}"], "conditions": {"ready": True}},
            {"addresses": [f"127.201.{index // 250}.{1 + index % 250}"], "conditions": {"ready": True}}]


def fill(api, klass):
    for index in range(options.services):
        api.request("POST", SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{index}"},
                                       "spec": {"ports": [{"port": 80, "targetPort": 9}]}})
        api.request("POST", SLICES, {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"s{index}", "labels": {"kubernetes.io/service-name": f"s{index}"}},
            "endpoints": endpoints(index, 0), "ports": [{"port": 9}]})
    for index in range(options.hosts):
        api.request("POST", INGRESSES, ingress(index, klass))


class Churn(threading.Thread):
    """Changes one slice after another at a steady rate, and says how many it managed."""

    def __init__(self, kubeconfig):
        super().__init__(daemon=True)
        self.api, self.done, self.ends = API(kubeconfig), 0, threading.Event()

    def run(self):
        start = time.monotonic()
        while not self.ends.wait(max(0, start + self.done / options.rate - time.monotonic())):
            index, turn = self.done % options.services, 1 + self.done // options.services
            # A turn of its own for each run, so that every patch is a change.
            turn += int(start) % 100
            self.api.request("PATCH", f"{SLICES}/s{index}", {"endpoints": endpoints(index, turn)},
                             "application/merge-patch+json")
            self.done += 1

    def stop(self):
        self.ends.set()
        self.join()
        return self.done


def spend(pids, seconds):
    before = {pid: cpu_seconds(pid) for pid in pids}
    start = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - start
    return {pid: (rss_mib(pid), private_mib(pid), (cpu_seconds(pid) - before[pid]) / passed) for pid in pids}


def phases(processes, kubeconfig):
    """Rows of the table for processes by name."""
    rows = []
    time.sleep(5)  # What the start left to do: status writes, the first save.
    for phase in ("idle", "endpoints change"):
        churn = Churn(kubeconfig) if phase != "idle" else None
        if churn:
            churn.start()
        spent = spend([pid for _, pid in processes], options.seconds)
        rate = churn.stop() / options.seconds if churn else 0
        for name, pid in processes:
            rows.append((name, phase, *spent[pid], rate))
    return rows


def metric(port, start):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return sum(float(line.split()[-1]) for line in answer.read().decode().splitlines() if line.startswith(start))


def measure_fairway(directory, kubeconfig, processes):
    http, https, admin = free_port(), free_port(), free_port()
    start = time.monotonic()
    controller = Process(
        [options.fairway, "controller", "--kubeconfig", kubeconfig, "--local-envoy", "--data-dir",
         f"{directory}/controller", "--http-port", str(http), "--https-port", str(https), "--admin-port", str(admin)],
        f"{directory}/controller.log")
    processes.append(controller)
    ready = f"http://127.0.0.1:{admin}/readyz"
    wait_for("the proxy holds the plan", 120, lambda: urllib.request.urlopen(ready, timeout=5).status == 200)
    print(f"fairway: ready {time.monotonic() - start:.1f} s after its start", flush=True)
    pids = controller.children()
    envoy = next(pid for pid in pids if command_of(pid) == "envoy")
    acknowledged = metric(admin, 'fairway_xds_acks_total{type="eds"}')
    rows = phases([("fairway controller", controller.child.pid), ("Envoy", envoy)], kubeconfig)
    acknowledged = metric(admin, 'fairway_xds_acks_total{type="eds"}') - acknowledged
    print(f"fairway: {acknowledged:.0f} endpoint updates acknowledged by Envoy", flush=True)
    controller.stop()
    return rows


def measure_traefik(directory, kubeconfig, processes):
    api, port, admin = API(kubeconfig), free_port(), free_port()
    for index in range(options.hosts):
        api.request("PATCH", f"{INGRESSES}/i{index}", {"spec": {"ingressClassName": "traefik"}},
                    "application/merge-patch+json")
    config = api.config
    traefik = Process(
        [options.traefik, f"--entrypoints.web.address=127.0.0.1:{port}", "--providers.kubernetesingress",
         f"--entrypoints.traefik.address=127.0.0.1:{admin}", "--ping",
         f"--providers.kubernetesingress.endpoint={config['server']}",
         f"--providers.kubernetesingress.token={config['token']}",
         f"--providers.kubernetesingress.certauthfilepath={config['ca']}",
         "--providers.kubernetesingress.ingressclass=traefik", "--log.level=ERROR"],
        f"{directory}/traefik.log")
    processes.append(traefik)

    def serves():
        request = urllib.request.Request(f"http://127.0.0.1:{port}/p0", headers={"Host": "h0.test"})
        try:
            # Its endpoints are nowhere: a route that is there answers late, or with a bad gateway.
            urllib.request.urlopen(request, timeout=1)
        except urllib.error.HTTPError as error:
            return error.code != 404
        except TimeoutError:
            pass
        return True

    wait_for("Traefik has the routes", 120, serves)
    rows = phases([("Traefik", traefik.child.pid)], kubeconfig)
    traefik.stop()
    return rows


def main():
    with tempfile.TemporaryDirectory() as directory:
        processes, kubeconfig = [], f"{directory}/api/kubeconfig"
        try:
            processes.append(Process(
                [options.fairway, "api", "--data-dir", f"{directory}/api", "--api-port", str(free_port()),
                 "--in-memory"], f"{directory}/api.log"))
            wait_for("the API server", 60,
                     lambda: os.path.exists(kubeconfig) and API(kubeconfig).request("GET", "/api"))
            api = API(kubeconfig)
            for name, controller in (("fairway", "fairway.dev/ingress-controller"),
                                     ("traefik", "traefik.io/ingress-controller")):
                api.request("POST", CLASSES, {
                    "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name},
                    "spec": {"controller": controller}})
            fill(api, "fairway")
            rows = []
            if options.only != "traefik":
                rows += measure_fairway(directory, kubeconfig, processes)
            if options.only != "fairway":
                rows += measure_traefik(directory, kubeconfig, processes)
        except RuntimeError:
            explain_failure(directory)
            raise
        finally:
            for process in reversed(processes):
                process.stop()
    print(f"\n{options.hosts * options.paths} routes over {options.hosts} hosts and {options.services} Services\n")
    print("| process | phase | resident MiB | of it private | cores | slice changes/s |")
    print("|---|---|---|---|---|---|")
    for name, phase, resident, private, cores, rate in rows:
        print(f"| {name} | {phase} | {resident:.0f} | {private:.0f} | {cores:.3f} | {rate:.0f} |")


main()
