import { expect, test } from "vitest";
import { agrees, type Told } from "./history.ts";

const create = (told: Told) => ({ kind: "CONFIRMED", told });
const cancel = (told: Told) => ({ kind: "CANCELLED", told });

test.each([
  ["a success that is stored", [create("done")], ["CONFIRMED"], true],
  ["a success that is not stored", [create("done")], [], false],
  ["a success that is stored twice", [create("done")], ["CONFIRMED", "CONFIRMED"], false],
  ["a refusal that is not stored", [create("refused")], [], true],
  ["a refusal that is stored", [create("refused")], ["CONFIRMED"], false],
  ["what nobody knows, stored", [create("unknown")], ["CONFIRMED"], true],
  ["what nobody knows, not stored", [create("unknown")], [], true],
  ["what nobody knows, stored twice", [create("unknown")], ["CONFIRMED", "CONFIRMED"], false],
  ["a later change that is stored without its like before", [create("done"), cancel("unknown")], ["CANCELLED"], false],
  ["a later change that is refused and stored", [create("done"), cancel("refused")], ["CONFIRMED", "CANCELLED"], false],
  ["a later change that is refused", [create("done"), cancel("refused")], ["CONFIRMED"], true],
])("%s", (_what, told, happened, right) => {
  expect(agrees(told, happened)).toBe(right);
});
