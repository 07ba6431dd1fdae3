/**
 * Page tokens: where a list goes on, and for which query. They are opaque to callers but neither secret nor signed: a client
 * that forges one gets a page of the same query from another place, and paging would have shown it the same rows.
 */

import { hash } from "node:crypto";
import type { Refusal } from "../../errors.ts";
import { FIRST_INSTANT, INSTANTS_END, PAGE_TOKEN_MAX_CHARACTERS } from "../../limits.ts";
import { isUuid } from "../../uuid.ts";
import { invalidRequest } from "./invalid-request.ts";

/** What a cursor consists of. Its kinds are checked, or a forged token would reach the database as an impossible value. */
export type CursorShape = readonly ("uuid" | "instant" | "integer")[];

export type Cursor<Shape extends CursorShape> = {
  readonly [Index in keyof Shape]: Shape[Index] extends "uuid" ? string : number;
};

/** Of the format. Tokens of other versions are refused; callers begin again. */
const VERSION = 1;
const CHECKSUM_BYTES = 8;

/** `query`: all that selects and orders the rows (plain JSON values). `cursor`: the last row of the page, as in its order. */
export function encodePageToken(query: readonly unknown[], cursor: readonly (string | number)[]): string {
  const body = Buffer.from(JSON.stringify(cursor));
  return Buffer.concat([Buffer.of(VERSION), checksum(query, body), body]).toString("base64url");
}

/**
 * A page of at most `limit` rows, and the token of the next one: empty if this is the last. `rows` were asked for with one
 * more than the limit, because only that tells whether there are more. `tokenAfter` makes the token behind a row.
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  tokenAfter: (last: Row) => string,
): { readonly page: readonly Row[]; readonly nextPageToken: string } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, nextPageToken: last === undefined || rows.length <= limit ? "" : tokenAfter(last) };
}

/** The cursor in a token of this very query. Throws Refusal INVALID_REQUEST for any other text. */
export function decodePageToken<const Shape extends CursorShape>(
  token: string,
  query: readonly unknown[],
  shape: Shape,
): Cursor<Shape> {
  if (token.length > PAGE_TOKEN_MAX_CHARACTERS) throw invalidToken();
  const bytes = Buffer.from(token, "base64url");
  // Node skips characters that do not belong and ignores spare bits: several texts would be the same token.
  if (bytes.toString("base64url") !== token) throw invalidToken();
  const body = bytes.subarray(1 + CHECKSUM_BYTES);
  if (bytes[0] !== VERSION || !checksum(query, body).equals(bytes.subarray(1, 1 + CHECKSUM_BYTES)))
    throw invalidToken();
  const cursor = jsonOf(body);
  if (!hasShape(cursor, shape)) throw invalidToken();
  return cursor;
}

/** Over the query too: a token that is sent with another filter would skip rows without anybody noticing. */
function checksum(query: readonly unknown[], body: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(`${JSON.stringify(query)}\n`), body]);
  return hash("sha256", checked, "buffer").subarray(0, CHECKSUM_BYTES);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw invalidToken();
  }
}

function hasShape<Shape extends CursorShape>(cursor: unknown, shape: Shape): cursor is Cursor<Shape> {
  return (
    Array.isArray(cursor) &&
    cursor.length === shape.length &&
    shape.every((kind, index) => isOfKind[kind](cursor[index] as unknown))
  );
}

const isOfKind: Readonly<Record<CursorShape[number], (value: unknown) => boolean>> = {
  uuid: (value) => typeof value === "string" && isUuid(value) && value === value.toLowerCase(),
  instant: (value) => Number.isSafeInteger(value) && Number(value) >= FIRST_INSTANT && Number(value) < INSTANTS_END,
  integer: (value) => Number.isSafeInteger(value),
};

function invalidToken(): Refusal {
  const description = "is not a token that this list gave out, or was sent with another query";
  return invalidRequest([{ field: "page_token", description }]);
}
