/** Finds remembered requests whose answer is lost. */

import type { Client } from "pg";
import { inBatches } from "./stored.ts";
import type { Violation } from "./violation.ts";

/** The answer of a request is the booking after an event; without it, the same request would fail for ever. */
export async function* lostAnswers(client: Client): AsyncGenerator<Violation> {
  const lost = inBatches<{ host_id: string; request_id: string; sequence: number }>(
    client,
    `select host_id, request_id, sequence::float8 as sequence
     from requests left join booking_events using (host_id, sequence) where booking_id is null`,
  );
  for await (const batch of lost) {
    for (const { host_id: hostId, request_id: requestId, sequence } of batch) {
      yield { kind: "ANSWER_LOST", hostId, requestId, sequence };
    }
  }
}
