"""What the benchmarks share: processes that end with us, a connection to the API server, a probe of a proxy."""

import base64
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A child whose output goes to a file; stopped with SIGTERM, then SIGKILL."""

    def __init__(self, arguments, log, env=None):
        self.log = open(log, "w")
        # Traefik would send requests for its backends to a proxy of the environment.
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        self.child = subprocess.Popen(
            arguments, stdout=self.log, stderr=subprocess.STDOUT, env={**environment, **(env or {})}
        )

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.log.close()

    def children(self):
        """The process ids of this process and all below it."""
        found, queue = [], [self.child.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    queue += map(int, open(f"/proc/{pid}/task/{task}/children").read().split())
            except OSError:
                pass
        return found


def rss_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def private_mib(pid):
    """What the process has for itself: the resident set without the pages of its program file."""
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def command_of(pid):
    return open(f"/proc/{pid}/cmdline").read().split("\0")[0].rsplit("/", 1)[-1]


class API:
    """One keep-alive connection to an API server, by its kubeconfig."""

    def __init__(self, kubeconfig):
        self.config = read_kubeconfig(kubeconfig)
        context = ssl.create_default_context(cafile=self.config["ca"])
        host, port = self.config["server"].split("://")[1].rsplit(":", 1)
        self.connection = http.client.HTTPSConnection(host, int(port), context=context)

    def request(self, method, path, body=None, kind="application/json"):
        headers = {"Authorization": "Bearer " + self.config["token"], "Content-Type": kind}
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text else None


def read_kubeconfig(path):
    """The server, CA file and token of the current context, as kubectl sees them."""
    view = json.loads(
        subprocess.run(
            [os.environ.get("FAIRWAY_KUBECTL", "kubectl"), "config", "view", "--raw", "--minify", "-o", "json"],
            env={**os.environ, "KUBECONFIG": path}, check=True, capture_output=True,
        ).stdout
    )
    cluster = view["clusters"][0]["cluster"]
    ca = cluster.get("certificate-authority")
    if not ca:
        ca = path + ".ca.crt"
        with open(ca, "wb") as f:
            f.write(base64.b64decode(cluster["certificate-authority-data"]))
    return {"server": cluster["server"], "ca": ca, "token": view["users"][0]["user"]["token"]}


class Probe:
    """A keep-alive HTTP/1.1 connection to a proxy."""

    def __init__(self, port):
        self.port = port
        self.socket = None

    def status(self, host, path="/"):
        for attempt in range(2):
            try:
                if self.socket is None:
                    self.socket = socket.create_connection(("127.0.0.1", self.port), 5)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.file = self.socket.makefile("rb")
                self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                return self._read()
            except (OSError, ValueError):
                self.close()
                if attempt == 1:
                    return 0

    def _read(self):
        line = self.file.readline()
        if not line:
            raise OSError("closed")
        status, length, chunked, close = int(line.split()[1]), 0, False, False
        while True:
            header = self.file.readline().strip().lower()
            if not header:
                break
            if header.startswith(b"content-length:"):
                length = int(header.split(b":")[1])
            elif header.startswith(b"transfer-encoding:") and b"chunked" in header:
                chunked = True
            elif header.startswith(b"connection:") and b"close" in header:
                close = True
        if chunked:
            while True:
                size = int(self.file.readline().split(b";")[0], 16)
                self.file.read(size + 2)
                if size == 0:
                    break
        else:
            self.file.read(length)
        if close:
            self.close()
        return status

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None


def wait_for(what, seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (OSError, RuntimeError, subprocess.CalledProcessError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"after {seconds} s still not: {what}")


def explain_failure(directory):
    """Shows the ends of the logs in `directory`."""
    for name in sorted(os.listdir(directory)):
        if name.endswith(".log"):
            print(f"--- {name}\n" + open(f"{directory}/{name}").read()[-3000:], file=sys.stderr)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]
