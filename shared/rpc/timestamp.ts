import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Instant } from "../interval.ts";

/** The instant as a field of an answer. Written out, because `create` looks at each field, and a page has a thousand. */
export function timestamp(instant: Instant): Timestamp {
  const seconds = Math.floor(instant / 1000);
  return { $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos: (instant - seconds * 1000) * 1e6 };
}
