/** Labels, as requests have them. */

import {
  LABEL_FILTER_MAX_CHARACTERS,
  LABEL_KEY_MAX_CHARACTERS,
  LABEL_VALUE_MAX_CHARACTERS,
  LABELS_MAX,
} from "../../../shared/limits.ts";
import { optionalText, textMap } from "../../../shared/rpc/request/parse-texts.ts";
import type { LabelQuery } from "../storage/bookings.ts";

/** What stands between key and value where a label is one text. So no key has it, but a value may. */
const BETWEEN = "=";

/** The labels of a booking, or undefined where there are none. */
export const labels = textMap({
  maxItems: LABELS_MAX,
  maxCharacters: LABEL_VALUE_MAX_CHARACTERS,
  keyMaxCharacters: LABEL_KEY_MAX_CHARACTERS,
  keyWithout: BETWEEN,
});

/** `key=value`, or `key` for any value. Undefined if the field is empty. */
export const labelQuery = optionalText(LABEL_FILTER_MAX_CHARACTERS).transform((given): LabelQuery | undefined => {
  if (given === undefined) return undefined;
  const [key = "", ...rest] = given.split(BETWEEN);
  return { key, value: rest.length === 0 ? undefined : rest.join(BETWEEN) };
});
