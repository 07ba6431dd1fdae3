import { assertMay } from "../../../shared/auth/access.ts";
import type { Call } from "../../../shared/rpc/handler.ts";

/** Throws Refusal NOT_YOUR_OWN unless the caller is the host or ADMIN: a minimum notice is there for the host's sake. */
export function assertMayIgnoreNotice(call: Call, hostId: string): void {
  const scope = call.identity.role === "ADMIN" ? "everybody" : "host";
  assertMay({ ...call, scope }, { host: hostId });
}
