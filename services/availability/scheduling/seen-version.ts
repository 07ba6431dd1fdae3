import { Refusal } from "../../../shared/errors.ts";
import { etagOf } from "../domain/version.ts";

/** Throws Refusal ETAG_MISMATCH if the caller has seen another version; `seen` undefined: it does not say. */
export function assertSeen(seen: string | undefined, version: number, what: "weekly hours" | "rules"): void {
  if (seen === undefined || seen === etagOf(version)) return;
  throw new Refusal("ETAG_MISMATCH", `the host's ${what} have changed; read them again`);
}
