import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Caller } from "../../../shared/caller.ts";
import { read } from "../../../shared/postgres/read.ts";
import { changeHost, type HostTransaction } from "../storage/change-host.ts";
import { type HostRequest, rememberedAnswer } from "../storage/requests.ts";
import type { SchedulingDeps } from "./deps.ts";

/**
 * As `changeHost`, for a change that may shrink open time: it has a permit while it asks Booking. A call that was answered
 * before gets its answer whatever else is under way; only under the lock is "none" final.
 */
export async function changeFenced<Done, Message extends DescMessage>(
  deps: SchedulingDeps,
  request: HostRequest<Done, Message>,
  caller: Caller,
  change: (under: HostTransaction) => Promise<Done>,
): Promise<MessageShape<Message>> {
  const again = await rememberedAnswer((query) => read(deps.pool, query, caller), request);
  return again ?? (await changeHost(deps, request, caller, change, deps.removals));
}
