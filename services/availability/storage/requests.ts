/**
 * The table `requests`: each request that was carried out, with its answer as the response message of its RPC, encoded. So
 * the contract is the answer's version: what a later one adds to the message, an answer of today leaves unset.
 */

import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { ClientBase } from "pg";
import { requestIdReused } from "../../../shared/errors.ts";
import { queryOn } from "../../../shared/postgres/held-for.ts";
import { isSameRequest, type RequestKey } from "../../../shared/request-key.ts";
import type { Run } from "./hosts.ts";

/** The message that a change is answered with, and how it is made of what the change has done. */
export interface Response<Done, Message extends DescMessage> {
  readonly schema: Message;
  readonly of: (done: Done) => MessageInitShape<Message>;
}

/** A write to a host, as far as repeating it goes. */
export interface HostRequest<Done, Message extends DescMessage> {
  readonly hostId: string;
  /** Undefined: the call is not remembered. */
  readonly key: RequestKey | undefined;
  readonly response: Response<Done, Message>;
}

/**
 * The answer that the same call got before, or undefined. Throws Refusal REQUEST_ID_REUSED if the id belongs to another
 * call. Only under the host's lock is "none" an answer that lasts until the commit: a twin waits for the same lock.
 */
export async function rememberedAnswer<Done, Message extends DescMessage>(
  run: Run,
  { hostId, key, response }: HostRequest<Done, Message>,
): Promise<MessageShape<Message> | undefined> {
  if (key === undefined) return undefined;
  const [stored] = await run<{ method: string; content_hash: string; answer: Uint8Array }>({
    name: "remembered-answer",
    text: `select method, encode(content_hash, 'hex') as content_hash, answer from requests
           where host_id = $1 and request_id = $2`,
    values: [hostId, key.id],
  });
  if (stored === undefined) return undefined;
  const isSame = isSameRequest({ id: key.id, method: stored.method, contentHash: stored.content_hash }, key);
  if (!isSame) throw requestIdReused();
  return fromBinary(response.schema, stored.answer);
}

/** Remembers the answer of a call that is about to be committed, and returns it. */
export async function rememberAnswer<Done, Message extends DescMessage>(
  client: ClientBase,
  { hostId, key, response }: HostRequest<Done, Message>,
  done: Done,
): Promise<MessageShape<Message>> {
  const answer = create(response.schema, response.of(done));
  if (key === undefined) return answer;
  await queryOn(client, {
    name: "remember-answer",
    text: `
      insert into requests (host_id, request_id, method, content_hash, answer, create_time)
      values ($1, $2, $3, decode($4, 'hex'), $5, clock_timestamp())`,
    values: [hostId, key.id, key.method, key.contentHash, toBinary(response.schema, answer)],
  });
  return answer;
}
