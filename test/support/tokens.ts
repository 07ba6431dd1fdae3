/** Tokens of the caller that a test wants to be. */

import { inject } from "vitest";
import { provideKeys, type TokenOrder } from "../../services/dev/keys.ts";

/** Who calls: a role, and whose it is. */
export type Person = Pick<TokenOrder, "role" | "subject">;

const LIFETIME_SECONDS = 3600;

/** May do everything, which is what a test that is about something else needs. */
export const admin: Person = { role: "ADMIN", subject: "tester" };

export function host(subject: string): Person {
  return { role: "HOST", subject };
}

export function guest(subject: string): Person {
  return { role: "USER", subject };
}

export function service(subject: "availability" | "booking"): Person {
  return { role: "SERVICE", subject };
}

/** A token that the services of `startPair` accept. `more` changes its lifetime or its audience. */
export async function tokenOf(person: Person, more: Partial<TokenOrder> = {}): Promise<string> {
  const keys = await provideKeys(inject("keyFolder"));
  return keys.sign({ lifetimeSeconds: LIFETIME_SECONDS, ...person, ...more });
}

/** The variables with which a service accepts these tokens. */
export async function authVariables(name: "availability" | "booking"): Promise<Record<string, string>> {
  return (await provideKeys(inject("keyFolder"))).variablesOf(name);
}

/** `tokenOf`, signed when it is first asked for, for clients that send it with every call. */
export function tokenSource(person: Person): () => Promise<string> {
  let token: Promise<string> | undefined;
  return () => (token ??= tokenOf(person));
}

/** The header of a call by hand. */
export async function authorizationOf(person: Person): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await tokenOf(person)}` };
}
