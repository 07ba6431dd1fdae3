import { exportJWK, generateKeyPair, type JWK } from "jose";
import { pino } from "pino";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { MINUTE_MS, SECOND_MS } from "../time-units.ts";
import { keepKeys, type KeptKeys } from "./kept-keys.ts";

const COOLDOWN_MS = 10 * SECOND_MS;

let key: JWK;
/** What the issuer publishes; undefined while it is out of reach. */
let published: string[] | undefined;
let readings: number;
let lines: string[];
let keys: KeptKeys;
/** How the search for a key ends. */
let find: (kid: string) => Promise<"found" | "unknown" | "out of reach">;

beforeAll(async () => {
  key = await exportJWK((await generateKeyPair("EdDSA", { extractable: true })).publicKey);
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  published = ["a"];
  readings = 0;
  lines = [];
  const read = async () => {
    readings += 1;
    if (published === undefined) throw new Error("500");
    return { keys: published.map((kid) => ({ ...key, kid })) };
  };
  keys = keepKeys(read, COOLDOWN_MS, pino({}, { write: (line: string) => void lines.push(line) }));
  find = (kid) =>
    Promise.resolve(keys.find({ alg: "EdDSA", kid }, { payload: "", signature: "" })).then(
      () => "found",
      ({ name }: Error) => (name === "KeysOutOfReach" ? "out of reach" : "unknown"),
    );
});

afterEach(() => {
  vi.useRealTimers();
});

test("those who look for keys at once share one reading, and later ones need none", async () => {
  expect(await Promise.all([find("a"), find("a"), find("b")])).toEqual(["found", "found", "unknown"]);
  expect([await find("a"), readings]).toEqual(["found", 1]);
});

test("a key that is not known is looked for once in ten seconds, whatever names are made up", async () => {
  await find("a");
  published = ["a", "b"];
  for (const kid of ["b", "c", "d"]) expect(await find(kid)).toBe("unknown");
  vi.advanceTimersByTime(COOLDOWN_MS);
  expect([await find("b"), await find("c"), readings]).toEqual(["found", "unknown", 2]);
});

test("a failure is remembered as long, and logged once", async () => {
  published = undefined;
  expect(await Promise.all([find("a"), find("b")])).toEqual(["out of reach", "out of reach"]);
  for (const kid of ["a", "b", "c"]) expect(await find(kid)).toBe("out of reach");
  expect([readings, lines.length]).toEqual([1, 1]);
  vi.advanceTimersByTime(COOLDOWN_MS);
  published = ["a"];
  expect([await find("a"), readings]).toEqual(["found", 2]);
});

test("while the issuer is out of reach, an unknown key is not refused for good, and is not asked for each time", async () => {
  await find("a");
  published = undefined;
  vi.advanceTimersByTime(COOLDOWN_MS);
  for (const kid of ["b", "c", "d"]) expect(await find(kid)).toBe("out of reach");
  expect([await find("a"), readings, lines.length]).toEqual(["found", 2, 1]);
});

test("a key that was withdrawn is good for five minutes more, and for an hour if the issuer is out of reach", async () => {
  await find("a");
  published = [];
  vi.advanceTimersByTime(5 * MINUTE_MS - 1);
  expect(await find("a")).toBe("found");
  vi.advanceTimersByTime(1);
  expect(await find("a")).toBe("unknown");

  vi.advanceTimersByTime(COOLDOWN_MS);
  published = ["a"];
  expect(await find("a")).toBe("found");
  published = undefined;
  vi.advanceTimersByTime(60 * MINUTE_MS - 1);
  expect(await find("a")).toBe("found");
  vi.advanceTimersByTime(1);
  expect(await find("a")).toBe("out of reach");
});

test("at the start they are read until they are there, with pauses that grow, and each failure is logged", async () => {
  published = undefined;
  const known = keys.readUntilKnown(new AbortController().signal);
  const seen: number[] = [];
  for (const seconds of [0, 1, 2, 4, 8, 10, 10]) {
    await vi.advanceTimersByTimeAsync(seconds * SECOND_MS);
    seen.push(readings);
  }
  expect([seen, lines.length, keys.areKnown()]).toEqual([[1, 2, 3, 4, 5, 6, 7], 7, false]);
  published = ["a"];
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS);
  await known;
  expect([keys.areKnown(), await find("a"), readings]).toEqual([true, "found", 8]);
});

test("a service that ends does not go on trying", async () => {
  published = undefined;
  const ending = new AbortController();
  const given = keys.readUntilKnown(ending.signal);
  await vi.advanceTimersByTimeAsync(SECOND_MS);
  ending.abort();
  await given;
  expect([readings, vi.getTimerCount()]).toEqual([2, 0]);
});
