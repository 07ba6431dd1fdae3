import type { DescMethod } from "@bufbuild/protobuf";

/**
 * Who calls, told from the `authorization` header (undefined if there is none). Both listeners ask before the body is
 * decoded, so that a stranger costs as little as possible. Throw a `StatusError` with UNAUTHENTICATED to turn one away.
 */
export type Authenticate = (authorization: string | undefined, method: DescMethod) => string | Promise<string>;

/** Nobody is asked for a token yet: everybody is "anonymous". */
export function everybodyIsAnonymous(): string {
  return "anonymous";
}
