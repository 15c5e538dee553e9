"""The programs that codi is compared with, each set up as its competent user would."""
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from .process import SERVER_CORE, BenchError, Server, free_port, run

HERE = Path(__file__).resolve().parent.parent / "peers"
GO_PACKAGES = "/usr/share/gocode"  # where Debian's golang-*-dev packages put them


def nginx(folder, body, logs):
    """Answers `body` to everything."""
    port = free_port()
    values = {"FOLDER": folder, "PORT": port, "BODY": body, "ACCESS_LOG": folder / "access.log" if logs else "off"}
    text = re.sub(r"@([A-Z_]+)@", lambda match: str(values[match.group(1)]) if match.group(1) in values else match.group(), (HERE / "nginx.conf").read_text())
    (folder / "nginx.conf").write_text(text)
    return Server("nginx", [program("nginx"), "-c", folder / "nginx.conf", "-e", folder / "error.log"], port, folder)


def etcd(folder):
    port, peers = free_port(), free_port()
    url, peer_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
    command = [program("etcd"), "--data-dir", folder / "etcd", "--listen-client-urls", url, "--advertise-client-urls", url]
    command += ["--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url, "--initial-cluster", f"default={peer_url}"]
    return Server("etcd", [*command, "--logger", "zap", "--log-level", "error"], port, folder)


def etcd_client(build):
    """Compiles the client from Debian's packages of etcd's own one."""
    source, binary = HERE / "etcd" / "main.go", build / "codi_etcd_load"
    if binary.exists() and binary.stat().st_mtime >= source.stat().st_mtime:
        return binary
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": GO_PACKAGES, "GOFLAGS": "", "GOCACHE": str(build / "go-cache"), "GOTOOLCHAIN": "local"}
    done = subprocess.run([program("go"), "build", "-o", binary, source], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"the etcd client does not compile: {done.stderr[-2000:]}")
    return binary


def drive_etcd(client, server, clients, warmup, seconds):
    before = server.cpu_seconds()
    command = [client, "-endpoint", f"127.0.0.1:{server.port}", "-clients", clients, "-warmup", warmup, "-seconds", seconds]
    result = json.loads(run(command))
    result["cpu_seconds"] = server.cpu_seconds() - before
    return result


def sqlite(folder, tokens):
    port = free_port()
    node = program("node")
    return Server("sqlite", [node, HERE / "sqlite" / "server.js", folder / "claims.db", port, ",".join(tokens)], port, folder, {"NODE_ENV": "production"})


def ws(folder, token):
    """One message to many, by npm's `ws`."""
    port = free_port()
    return Server("ws", [program("node"), HERE / "ws" / "server.js", port, token], port, folder, {"NODE_ENV": "production"})


def install_ws_service():
    here = HERE / "ws"
    marker, wanted = here / "node_modules" / ".installed", (here / "package-lock.json").read_text()
    if marker.exists() and marker.read_text() == wanted:
        return
    done = subprocess.run(["npm", "ci", "--loglevel=error"], cwd=here, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"npm ci failed: {done.stderr[-2000:]}")
    marker.write_text(wanted)


def nats(folder, token):
    port = free_port()
    command = [program("nats-server"), "--addr", "127.0.0.1", "--port", port, "--auth", token, "--pid", folder / "nats.pid"]
    return Server("nats", command, port, folder, {"GOMAXPROCS": "1"})


def install_sqlite_service():
    """What package-lock.json names; better-sqlite3 is compiled here, for the Node that is here."""
    here = HERE / "sqlite"
    node = Path(program("node")).resolve()
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    wanted = hashlib.sha256((here / "package-lock.json").read_bytes() + version.encode()).hexdigest()
    marker = here / "node_modules" / ".installed"
    if marker.exists() and marker.read_text() == wanted:
        return
    environment = {**os.environ, "CC": "clang-19", "CXX": "clang++-19", "npm_config_nodedir": str(node.parent.parent), "npm_config_build_from_source": "true"}
    for command in [["npm", "ci", "--loglevel=error"], ["npm", "rebuild", "--ignore-scripts=false", "better-sqlite3"]]:
        done = subprocess.run(command, cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)} failed: {done.stdout[-2000:]}")
    marker.write_text(wanted)


def db_bench(folder, threads, seconds, value_bytes):
    """RocksDB's own synced writes: each thread writes one value and waits for the disk; RocksDB gathers those that wait."""
    store = folder / "db_bench"
    command = [program("db_bench"), "--benchmarks=fillrandom", "--sync=1", f"--threads={threads}", f"--duration={seconds}", f"--value_size={value_bytes}"]
    command += ["--num=100000000", f"--db={store}", "--histogram=1", "--compression_type=none", "--max_background_jobs=1"]
    text = run(command, core=SERVER_CORE)
    shutil.rmtree(store, ignore_errors=True)
    rate = re.search(r"fillrandom\s*:\s*[\d.]+ micros/op (\d+) ops/sec", text)
    latencies = re.search(r"Percentiles: P50: ([\d.]+) .*?P99: ([\d.]+)", text)
    if not rate or not latencies:
        raise BenchError(f"db_bench printed something else than before: {text[-1000:]}")
    return {"per_second": float(rate.group(1)), "p50_us": float(latencies.group(1)), "p99_us": float(latencies.group(2))}


def versions():
    """Of the peers, as they say it."""
    said = {
        "nginx": subprocess.run([program("nginx"), "-v"], capture_output=True, text=True, check=True).stderr,
        "etcd": subprocess.run([program("etcd"), "--version"], capture_output=True, text=True, check=True).stdout,
        "NATS": subprocess.run([program("nats-server"), "--version"], capture_output=True, text=True, check=True).stdout,
        "Node": subprocess.run([program("node"), "--version"], capture_output=True, text=True, check=True).stdout,
    }
    out = {name: re.search(r"\d+\.\d+(\.\d+)?", text).group() for name, text in said.items()}
    lock = json.loads((HERE / "sqlite" / "package-lock.json").read_text())["packages"]
    for package in ["fastify", "better-sqlite3"]:
        out[package] = lock[f"node_modules/{package}"]["version"]
    out["ws"] = json.loads((HERE / "ws" / "package-lock.json").read_text())["packages"]["node_modules/ws"]["version"]
    return out


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise BenchError(f"there is no {name}; run `tools/deps bench`")
    return found
