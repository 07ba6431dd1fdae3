/**
 * All values of a header. `headers` of Node has but the first of some that must come once, while a proxy in front of us may
 * have looked at the last one. `name` is in small letters.
 */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const each = rawHeaders[index] ?? "";
    if (each.length === name.length && each.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? "");
  }
  return values;
}
