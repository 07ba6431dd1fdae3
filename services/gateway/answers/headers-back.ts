/** What a service may tell its caller in headers: how much is left of a limit, and how to sign in. */
const BACK = /^(?:ratelimit|x-ratelimit)(?:-|$)|^www-authenticate$/;

/** What the caller gets to see of the service's headers. Everything else ends here. */
export function headersBack(headers: Headers): Record<string, string> {
  return Object.fromEntries(Array.from(headers).filter(([name]) => BACK.test(name)));
}
