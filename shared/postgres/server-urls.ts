/**
 * `postgres://user:password@first:5432,second:5432/database?target_session_attrs=read-write`: libpq's form of a URL that names
 * several servers, of which one takes writes. The driver does not know it.
 */

const PARTS = /^(?<scheme>postgres(?:ql)?:\/\/)(?<user>[^@/?#]*@)?(?<hosts>[^/?#]*)(?<rest>.*)$/;

/** Services want the server that takes writes, whatever is set: what would have them take another one is refused. */
const SESSION_ATTRIBUTES = new Set([null, "read-write", "primary"]);

/** A URL for each of the servers that a URL names; the URL itself where it names one. */
export function serverUrls(url: string): readonly [string, ...string[]] {
  const { scheme = "", user = "", hosts = "", rest = "" } = PARTS.exec(url)?.groups ?? {};
  if (!hosts.includes(",")) return [url];
  const [first = "", ...others] = hosts.split(",").map((host) => `${scheme}${user}${host}${rest}`);
  return [first, ...others];
}

/** Whether the driver can read each of them, and is not asked for a server that takes no writes. */
export function isDatabaseUrl(url: string): boolean {
  return serverUrls(url).every((each) => {
    const parsed = URL.parse(each);
    if (parsed === null || !["postgres:", "postgresql:"].includes(parsed.protocol)) return false;
    return SESSION_ATTRIBUTES.has(parsed.searchParams.get("target_session_attrs"));
  });
}
