import { Refusal } from "../../../shared/errors.ts";
import { etagOf } from "../domain/version.ts";

/** Throws Refusal ETAG_MISMATCH if the caller has seen another version; `seen` undefined: it does not say. */
export function assertSeen(
  seen: string | undefined,
  version: number,
  what: "the host's weekly hours" | "the host's rules" | "the user",
): void {
  if (seen === undefined || seen === etagOf(version)) return;
  throw new Refusal("ETAG_MISMATCH", `${what} changed after the etag was read; read again`);
}
