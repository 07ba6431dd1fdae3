/** The gateway of test/tools/grpc-gateway/, generated and built from the contracts as docs/gateways.md says. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { programPath } from "../support/installed.ts";

const project = resolve(import.meta.dirname, "../..");
const module = join(import.meta.dirname, "grpc-gateway");

export interface GoGateway {
  /** `http://host:port` */
  readonly url: string;
  stop(): Promise<void>;
}

/** What it lacks to be built here: Go, or the modules that it is made of. */
export function missingForGo(): string[] {
  if (programPath("go") === undefined) return ["Go"];
  try {
    execFileSync("go", ["mod", "download"], { cwd: module, stdio: "ignore" });
    return [];
  } catch {
    return ["Go modules"];
  }
}

/** Generates, builds and starts it before the gRPC ports (`host:port`) of both services. */
export async function startGoGateway(availabilityAddress: string, bookingAddress: string): Promise<GoGateway> {
  const folder = mkdtempSync(join(tmpdir(), "slotwright-grpc-gateway-"));
  const program = join(folder, "gateway");
  execFileSync(join(project, "node_modules/.bin/buf"), ["generate"], { cwd: module });
  execFileSync("go", ["build", "-o", program, "."], { cwd: module });
  const running = spawn(program, [availabilityAddress, bookingAddress], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(running, "exit");
  const [address] = (await once(createInterface(running.stdout), "line")) as [string];
  return {
    url: `http://${address}`,
    async stop() {
      running.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
