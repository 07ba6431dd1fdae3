/** Field masks, which name the fields of an update. */

import type { DescField } from "@bufbuild/protobuf";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { maskedFields } from "./mask.ts";
import { refuse } from "./parse.ts";
import { wrongPaths } from "./rules.ts";

/**
 * The fields that a mask names, by their local names; undefined: there is no mask, or it names none. `fields` has those that
 * the contract lets `mask` name.
 */
export function updateMask<Field extends string>(mask: DescField, fields: Readonly<Record<Field, unknown>>) {
  const allowed = maskedFields(mask);
  const fieldOf = new Map([...allowed].map(([path, { localName }]) => [path, localName as Field]));
  const unknown = [...fieldOf.values()].find((field) => !Object.hasOwn(fields, field));
  if (unknown !== undefined) throw new Error(`${mask.name} may name ${unknown}, which is not parsed`);
  return z
    .custom<FieldMask>()
    .transform(({ paths }, context): readonly Field[] | undefined => {
      const wrong = wrongPaths(paths, allowed);
      if (wrong !== undefined) return refuse(context, wrong);
      return paths.length === 0 ? undefined : [...new Set(paths.map((path) => fieldOf.get(path) as Field))];
    })
    .optional();
}
