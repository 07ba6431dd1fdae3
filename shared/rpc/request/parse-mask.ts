/** Field masks, which name the fields of an update. */

import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { refuse } from "./parse.ts";
import { wrongPaths } from "./rules.ts";

/**
 * The fields that a mask names, of those in `fields`, by their local names; undefined: there is no mask, or it names none.
 */
export function updateMask<Field extends string>(fields: Readonly<Record<Field, unknown>>) {
  const fieldOf = new Map((Object.keys(fields) as Field[]).map((field) => [pathOf(field), field]));
  return z
    .custom<FieldMask>()
    .transform(({ paths }, context): readonly Field[] | undefined => {
      const wrong = wrongPaths(paths, [...fieldOf.keys()]);
      if (wrong !== undefined) return refuse(context, wrong);
      return paths.length === 0 ? undefined : [...new Set(paths)].map((path) => fieldOf.get(path) as Field);
    })
    .optional();
}

/** `minimumNoticeMinutes` as `minimum_notice_minutes`. */
function pathOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
