import { expect, test } from "vitest";
import { agrees, type Told } from "./history.ts";

const create = (told: Told) => ({ kind: "CONFIRMED", told });
const cancel = (told: Told) => ({ kind: "CANCELLED", told });

test.each([
  ["a success, and the change is stored", [create("done")], ["CONFIRMED"], true],
  ["a success, and the change is not stored", [create("done")], [], false],
  ["a success, and the change is stored twice", [create("done")], ["CONFIRMED", "CONFIRMED"], false],
  ["a refusal, and the change is not stored", [create("refused")], [], true],
  ["a refusal, and the change is stored", [create("refused")], ["CONFIRMED"], false],
  ["an unknown end, and the change is stored", [create("unknown")], ["CONFIRMED"], true],
  ["an unknown end, and the change is not stored", [create("unknown")], [], true],
  ["an unknown end, and the change is stored twice", [create("unknown")], ["CONFIRMED", "CONFIRMED"], false],
  ["a later change is stored, and the one before it is not", [create("done"), cancel("unknown")], ["CANCELLED"], false],
  ["a later change was refused, and is stored", [create("done"), cancel("refused")], ["CONFIRMED", "CANCELLED"], false],
  ["a later change was refused, and is not stored", [create("done"), cancel("refused")], ["CONFIRMED"], true],
])("%s", (_what, told, happened, right) => {
  expect(agrees(told, happened)).toBe(right);
});
