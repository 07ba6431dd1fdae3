/** The part of an e-mail address behind the `@`. */

/** Characters that a URL would read as the end of its host, as an escape, or as another kind of host. */
const NOT_OF_A_HOST = /[\s/\\?#@:%[\]]/;

/** At least two labels of at most 63 characters, and not a number at the end: that would be the address of a machine. */
const DOMAIN = /^(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)+(?!\d+$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;

const DOMAIN_MAX_CHARACTERS = 253;

/**
 * The domain in ASCII, in lower case: the same for all ways to write it, international ones too (WHATWG URL, which follows
 * Unicode's UTS #46). Undefined if it is none, or has a dot at its end.
 */
export function asciiDomain(domain: string): string | undefined {
  if (NOT_OF_A_HOST.test(domain)) return undefined;
  const host = URL.parse(`http://${domain}`)?.hostname;
  return host !== undefined && host.length <= DOMAIN_MAX_CHARACTERS && DOMAIN.test(host) ? host : undefined;
}
