import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { requestKey } from "../../../shared/request-key.ts";
import { type Rules, type RulesUpdate, updated } from "../domain/rules.ts";
import type { Response } from "../storage/requests.ts";
import { writeRules } from "../storage/rules.ts";
import { changeFenced } from "./change-fenced.ts";
import { FENCE_MAX_MS } from "./change-open-time.ts";
import type { SchedulingDeps } from "./deps.ts";
import { assertSeen } from "./seen-version.ts";

/** As a request's content has them, whose hash is stored: a rule that comes later goes into what was added (`requestKey`). */
const RULES = [
  "slotDurationMinutes",
  "minimumNoticeMinutes",
  "horizonDays",
  "bufferBeforeMinutes",
  "bufferAfterMinutes",
  "seats",
] as const;

export interface AskedRules extends RulesUpdate {
  readonly hostId: string;
  /** What the caller has seen; undefined: anything. */
  readonly etag: string | undefined;
  readonly requestId: string | undefined;
}

export interface RulesOfHost {
  readonly hostId: string;
  readonly rules: Rules;
  readonly version: number;
}

/**
 * Changes a host's rules. The fence comes before the commit: it ends every calendar that has the older rules, and who asks for
 * a new one waits for this host's lock. So once this has answered, nothing is accepted by the older ones. Throws what
 * `changeHost` throws, and Refusal ETAG_MISMATCH, PEER_UNAVAILABLE.
 */
export async function updateRules<Message extends DescMessage>(
  deps: SchedulingDeps,
  caller: Caller,
  asked: AskedRules,
  response: Response<RulesOfHost, Message>,
): Promise<MessageShape<Message>> {
  const { hostId, given, mask, etag, requestId } = asked;
  // A rule that is set to 0 is another request than one that is left out.
  const content = [mask?.toSorted().join(","), etag, ...RULES.map((rule) => given[rule])];
  const key = requestKey("UpdateRules", requestId, content);
  return await changeFenced(deps, { hostId, key, response }, caller, async ({ run, host }) => {
    assertSeen(etag, host.rulesVersion, "the host's rules");
    const rules = updated(host.rules, asked);
    const limits = {
      timeoutMs: timeoutWithin(caller.deadline, FENCE_MAX_MS),
      signal: caller.signal,
      trace: caller.trace,
    };
    await deps.booking.fenceHost(hostId, { ranges: [] }, limits);
    return { hostId, rules, version: await writeRules(deps.orm, run, host, rules) };
  });
}
