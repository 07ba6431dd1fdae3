import type { DescField } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";

/**
 * The names by which JSON may call a field: its JSON name, its name in the contract, and that name in camel case, which is
 * another one where the contract says what the JSON name is (`slotDuration` for `slot_duration_minutes`).
 */
export function namesOf({ jsonName, name }: DescField): readonly string[] {
  return [jsonName, name, protoCamelCase(name)];
}
