import type { DescField } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";

/**
 * The names by which JSON may call a field: its JSON name, its name in the contract, and that name in camel case, which is
 * another one where the contract says what the JSON name is (`slotDuration` for `slot_duration_minutes`).
 */
export function namesOf({ jsonName, name }: DescField): readonly string[] {
  return [jsonName, name, protoCamelCase(name)];
}

/** Names that callers send come back in errors, but not megabytes of them. */
const ECHOED_NAME_MAX_CHARACTERS = 64;

/** The name of a field that does not exist, as an error may repeat it. */
export function echoedName(name: string): string {
  return name.slice(0, ECHOED_NAME_MAX_CHARACTERS).toWellFormed();
}
