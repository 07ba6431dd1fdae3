/** What makes a call that is sent again with its `request_id` one call. */

import type { ClientBase } from "pg";
import { requestIdReused } from "../../../shared/errors.ts";
import { contentHash } from "../../../shared/content-hash.ts";
import type { Run } from "./hosts.ts";

/** A write to a host, as far as repeating it goes. */
export interface HostRequest {
  readonly hostId: string;
  /** UUID of the caller's choice; undefined: the call is not remembered. */
  readonly requestId: string | undefined;
  readonly method: "AddAvailability" | "RemoveAvailability";
  /** What is asked for, in plain values and a fixed order: two calls are the same if this is. */
  readonly content: readonly (string | number)[];
}

/**
 * The answer that the same call got before, or undefined. Throws Refusal REQUEST_ID_REUSED if the id belongs to another
 * call. Only under the host's lock is "none" an answer that lasts until the commit: a twin waits for the same lock.
 */
export async function rememberedAnswer(run: Run, request: HostRequest): Promise<unknown> {
  if (request.requestId === undefined) return undefined;
  const [stored] = await run<{ method: string; content_hash: Buffer; answer: unknown }>({
    name: "remembered-answer",
    text: "select method, content_hash, answer from requests where host_id = $1 and request_id = $2",
    values: [request.hostId, request.requestId],
  });
  if (stored === undefined) return undefined;
  if (stored.method !== request.method || !stored.content_hash.equals(contentHash(request.content))) {
    throw requestIdReused();
  }
  return stored.answer;
}

/** Remembers the answer of a call that is about to be committed. */
export async function rememberAnswer(client: ClientBase, request: HostRequest, answer: unknown): Promise<void> {
  if (request.requestId === undefined) return;
  await client.query({
    name: "remember-answer",
    text: `
      insert into requests (host_id, request_id, method, content_hash, answer, create_time)
      values ($1, $2, $3, $4, $5, clock_timestamp())`,
    values: [request.hostId, request.requestId, request.method, contentHash(request.content), JSON.stringify(answer)],
  });
}
