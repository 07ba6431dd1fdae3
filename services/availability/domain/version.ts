/** The version of a host's weekly hours, or of its rules, as callers are told it. Only equality means anything. */
export function etagOf(version: number): string {
  return `"${version}"`;
}
