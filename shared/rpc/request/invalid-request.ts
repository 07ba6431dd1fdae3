import { type FieldViolation, Refusal } from "../../errors.ts";
import { VIOLATIONS_MAX } from "../../limits.ts";

/** The refusal for fields that break their rules. It names at most VIOLATIONS_MAX of them. */
export function invalidRequest(all: readonly FieldViolation[]): Refusal {
  const fields = all.slice(0, VIOLATIONS_MAX);
  const [first] = fields;
  const others = fields.length > 1 ? ` (and ${fields.length - 1} more)` : "";
  // A violation without a field is about the request as a whole.
  const subject = first === undefined || first.field === "" ? "the request" : first.field;
  return new Refusal("INVALID_REQUEST", `${subject} ${first?.description ?? "is wrong"}${others}`, { fields });
}
