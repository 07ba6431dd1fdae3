/** Headers that HTTP has for what the contract has fields for: `Idempotency-Key`, `If-Match`, `Last-Event-ID`. */

import type { IncomingHttpHeaders } from "node:http";
import type { DescMessage, JsonObject } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../../shared/errors.ts";
import type { Binding } from "./binding.ts";
import { isUnset, valueAt, withValue } from "./json-fields.ts";
import { isUuid } from "../../../shared/uuid.ts";

/** The fields of the contract that the headers stand for. */
export const REQUEST_ID = "request_id";
export const ETAG = "etag";
export const AFTER_SEQUENCE = "after_sequence";

/** Of a header for which the method has no field: the header is named itself. */
const NO_USE = "is of no use to this method";

export interface WithHeaders {
  readonly fields: JsonObject;
  readonly violations: readonly FieldViolation[];
}

/**
 * `fields` with those that the headers set. A header that the method has no field for is refused where the method
 * changes something: its sender counts on what it promises.
 */
export function withHeaderFields(binding: Binding, fields: JsonObject, headers: IncomingHttpHeaders): WithHeaders {
  const { input, methodKind } = binding.method;
  if (methodKind === "server_streaming") return withLastEventId(input, fields, headers["last-event-id"]);
  if (binding.httpMethod === "GET") return { fields, violations: [] };
  const idempotent = withIdempotencyKey(input, fields, headers["idempotency-key"]);
  const conditional = withIfMatch(input, idempotent.fields, headers["if-match"]);
  return { fields: conditional.fields, violations: [...idempotent.violations, ...conditional.violations] };
}

function withIdempotencyKey(input: DescMessage, fields: JsonObject, header: unknown): WithHeaders {
  if (typeof header !== "string") return { fields, violations: [] };
  // The draft of the header writes it as a quoted string; most senders do not.
  const key = header.replace(/^"(.*)"$/, "$1");
  const field = input.fields.find(({ name }) => name === REQUEST_ID);
  if (field === undefined) return refused(fields, "Idempotency-Key", NO_USE);
  if (!isUuid(key)) return refused(fields, REQUEST_ID, "the Idempotency-Key must be a UUID");
  const given = valueAt(fields, [field]);
  const isSame = typeof given === "string" && given.toLowerCase() === key.toLowerCase();
  if (!isUnset(given) && !isSame) return refused(fields, REQUEST_ID, "is not the Idempotency-Key of the header");
  return { fields: withValue(fields, [field], key), violations: [] };
}

function withIfMatch(input: DescMessage, fields: JsonObject, header: string | undefined): WithHeaders {
  // `*` matches whatever is there, like no condition.
  if (header === undefined || header === "*") return { fields, violations: [] };
  const field = input.fields.find(({ name }) => name === ETAG);
  if (field === undefined) return refused(fields, "If-Match", NO_USE);
  // A weak one goes on too: it never matches (RFC 9110, 13.1.1), and the service finds that it does not.
  if (!/^(?:W\/)?"[^"]*"$/.test(header)) return refused(fields, ETAG, "If-Match must be one etag, as ETag had it");
  const given = valueAt(fields, [field]);
  if (!isUnset(given) && given !== header) return refused(fields, ETAG, "is not that of If-Match");
  return { fields: withValue(fields, [field], header), violations: [] };
}

/** A browser whose event stream broke sends the same URL again with the id of the last event: the id is the newer word. */
function withLastEventId(input: DescMessage, fields: JsonObject, header: unknown): WithHeaders {
  const field = input.fields.find(({ name }) => name === AFTER_SEQUENCE);
  if (typeof header !== "string" || header === "" || field === undefined) return { fields, violations: [] };
  if (!/^\d{1,19}$/.test(header)) return refused(fields, AFTER_SEQUENCE, "Last-Event-ID must be the id of an event");
  return { fields: withValue(fields, [field], header), violations: [] };
}

function refused(fields: JsonObject, field: string, description: string): WithHeaders {
  return { fields, violations: [{ field, description }] };
}
