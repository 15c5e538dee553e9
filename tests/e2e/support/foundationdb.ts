import { spawn } from "node:child_process";
import { accessSync, constants, copyFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, dirname, join } from "node:path";
import type { Machine } from "./machine.ts";
import { atExit, eventually, run } from "./process.ts";

/** What this machine has of FoundationDB. */
export interface FoundationDb {
  server: string;
  cli: string;
  library: string;
}

function firstOf(files: string[], mode: number): string | undefined {
  return files.find((file) => {
    try {
      accessSync(file, mode);
      return true;
    } catch {
      return false;
    }
  });
}

/** As tests/support/fdb_cluster.hpp finds it: by CODI_FDB_BIN and CODI_FDB_LIB, or at its usual places. */
export function findFoundationDb(): FoundationDb | undefined {
  const named = process.env["CODI_FDB_BIN"];
  const folder = named && !statSync(named).isDirectory() ? dirname(named) : named;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];
  if (folder) folders.unshift(folder);
  const program = (name: string) =>
    firstOf(
      folders.map((each) => join(each, name)),
      constants.X_OK,
    );
  const libraries = ["/usr/lib", "/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
  const server = program("fdbserver");
  const cli = program("fdbcli");
  const library =
    process.env["CODI_FDB_LIB"] ??
    firstOf(
      libraries.map((each) => join(each, "libfdb_c.so")),
      constants.R_OK,
    );
  return server && cli && library ? { server, cli, library } : undefined;
}

/** A TCP port of the loopback that nobody has now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts a cluster of one process in memory, which ends with the tests of this file; gives its store. */
export async function startCluster(found: FoundationDb, machine: Machine): Promise<string> {
  const folder = machine.makeFolder("cluster");
  const data = machine.makeFolder("cluster/data");
  const address = `127.0.0.1:${await freePort()}`;
  const file = join(folder, "fdb.cluster");
  const ownFile = join(data, "fdb.cluster"); // the process writes it anew
  writeFileSync(file, `codi:test@${address}\n`);
  copyFileSync(file, ownFile);
  const where = ["--cluster-file", ownFile, "--public-address", address, "--listen-address", "public"];
  const sizes = ["--memory", "6GiB", "--cache-memory", "32MiB", "--storage-memory", "256MiB"];
  const child = spawn(found.server, [...where, "--datadir", data, "--logdir", data, ...sizes], { stdio: "ignore" });
  atExit(() => child.kill("SIGKILL"));
  await eventually(
    "the cluster is made",
    async () => {
      const words = ["-C", file, "--timeout", "10", "--exec", "configure new single memory"];
      const said = await run(found.cli, words, { cwd: folder, env: machine.env });
      return said.status === 0 ? true : undefined;
    },
    60_000,
  );
  return `fdb:${file}`;
}
