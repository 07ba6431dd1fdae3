import { expect } from "vitest";
import { audit, type AuditOptions, type DatabaseUrls } from "../../services/ops/audit/audit.ts";
import { lineOf } from "../../services/ops/audit/violation.ts";

/**
 * What `npm run audit` finds in two databases, in its words: nothing, if the services keep what they promise. With a
 * `hostId` only of that host, so that of several tests on one database the one at fault fails.
 */
export async function violationsIn(urls: DatabaseUrls, hostId?: string, options?: AuditOptions): Promise<string[]> {
  const all = await Array.fromAsync(audit(urls, options));
  return all.filter((each) => hostId === undefined || !("hostId" in each) || each.hostId === hostId).map(lineOf);
}

/** Fails the test unless the two databases hold what the services promise: after all that the test has done. */
export async function expectInOrder(urls: DatabaseUrls, hostId?: string): Promise<void> {
  expect(await violationsIn(urls, hostId)).toEqual([]);
}
