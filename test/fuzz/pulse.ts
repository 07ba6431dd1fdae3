/**
 * Asks every port for its health, again and again, while the fuzzer attacks. This is a process of its own: the fuzzer
 * is busy and would take its own delays for those of a service.
 */

import { connect as connectHttp2, constants } from "node:http2";
import { request } from "node:http";
import { request as requestTls } from "node:https";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { answerQuestions } from "../bench/worker.ts";
import { envelope } from "../support/hostile/frames.ts";

/** Often enough for a stall to meet a question ... */
const ASK_EVERY_MS = 50;
/** ... but on a slow machine the questions must not keep it busy: the pause is this many times as long as a round. */
const PAUSE_RATIO = 4;
/** A question without an answer by then counts as unanswered. */
const ANSWER_MAX_MS = 10_000;
const HEALTH_PATH = "/grpc.health.v1.Health/Check";

export interface Patient {
  readonly name: string;
  readonly port: number;
  readonly protocol: "gRPC" | "Connect" | "gateway";
  readonly tls: boolean;
}

export interface Pulse {
  readonly name: string;
  /** The longest time to an answer since the last report; Infinity if an answer did not come. */
  readonly worstMs: number;
  readonly failures: readonly string[];
}

export interface PulseReport {
  readonly pulses: readonly Pulse[];
  /** The longest delay of this process itself: it is long when the machine is busy. */
  readonly ownDelayMs: number;
}

export type PulseQuestion = { readonly watch: readonly Patient[] } | { readonly report: true };

interface Watched {
  readonly name: string;
  ask(): Promise<void>;
  worstMs: number;
  failures: string[];
}

let watched: Watched[] = [];
let round: Promise<unknown> = Promise.resolve();
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

answerQuestions(async (question: PulseQuestion): Promise<PulseReport | undefined> => {
  if ("watch" in question) {
    watched = question.watch.map(watchedOf);
    return undefined;
  }
  // The round under way may have begun before the attack ended: the report needs one that begins now.
  await round;
  await askAll();
  const pulses = watched.map(({ name, worstMs, failures }) => ({ name, worstMs, failures }));
  for (const each of watched) Object.assign(each, { worstMs: 0, failures: [] });
  const ownDelayMs = delay.max / 1e6;
  delay.reset();
  return { pulses, ownDelayMs };
});

for (;;) {
  const begun = performance.now();
  round = askAll();
  await round;
  await pause(Math.max(ASK_EVERY_MS, PAUSE_RATIO * (performance.now() - begun)));
}

async function askAll(): Promise<void> {
  await Promise.all(
    watched.map(async (each) => {
      const begun = performance.now();
      await each.ask().catch((error: unknown) => each.failures.push(String(error)));
      each.worstMs = Math.max(each.worstMs, performance.now() - begun);
    }),
  );
}

function watchedOf(patient: Patient): Watched {
  const ask = { gRPC: askGrpc, Connect: askConnect, gateway: askGateway }[patient.protocol];
  return { name: patient.name, ask: () => ask(patient), worstMs: 0, failures: [] };
}

/** On a new connection each time, as a prober does, so that it tests the listener too. */
async function askGrpc({ port, tls }: Patient): Promise<void> {
  const session = connectHttp2(`${tls ? "https" : "http"}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  try {
    await new Promise<void>((resolve, reject) => {
      session.once("error", reject).setTimeout(ANSWER_MAX_MS, () => reject(new Error("no answer")));
      const call = session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: HEALTH_PATH,
        "content-type": "application/grpc",
        te: "trailers",
      });
      call.once("error", reject).once("trailers", (trailers) => {
        if (trailers["grpc-status"] === "0") resolve();
        else reject(new Error(`status ${String(trailers["grpc-status"])}`));
      });
      call.once("close", () => reject(new Error("no status"))).resume();
      call.end(envelope(Buffer.alloc(0)));
    });
  } finally {
    session.destroy();
  }
}

function askConnect(patient: Patient): Promise<void> {
  return askHttp1(patient, HEALTH_PATH, { method: "POST", headers: { "content-type": "application/json" } }, "{}");
}

function askGateway(patient: Patient): Promise<void> {
  return askHttp1(patient, "/healthz", { method: "GET" }, "");
}

async function askHttp1({ port, tls }: Patient, path: string, options: object, body: string): Promise<void> {
  const target = { host: "127.0.0.1", port, path, agent: false, timeout: ANSWER_MAX_MS, ...options };
  await new Promise<void>((resolve, reject) => {
    const call = tls ? requestTls({ ...target, rejectUnauthorized: false }) : request(target);
    call.once("error", reject).once("timeout", () => call.destroy(new Error("no answer")));
    call.once("response", (answer) => {
      answer.once("close", () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`HTTP ${answer.statusCode}`));
      });
      answer.resume();
    });
    call.end(body);
  });
}
