/** Versions: the contract has them as a field `etag`, HTTP as a header. */

import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { ETAG } from "../transcoding/header-fields.ts";

interface EtagPlace {
  /** The field of the one thing that has the version; undefined where the response has it itself. */
  readonly holder: (DescField & { readonly fieldKind: "message" }) | undefined;
  readonly etag: DescField;
}

/**
 * Where a response has its version: in itself, or in the one thing that it holds. Undefined if it holds several, or none
 * with versions.
 */
export function etagPlace(response: DescMessage): EtagPlace | undefined {
  const own = etagOf(response);
  if (own !== undefined) return { holder: undefined, etag: own };
  const holders = response.fields.filter((field) => field.fieldKind === "message");
  const [holder] = holders;
  const etag = holder === undefined ? undefined : etagOf(holder.message);
  return holder === undefined || etag === undefined || holders.length > 1 ? undefined : { holder, etag };
}

/** The version in an answer; undefined if it has none. */
export function etagIn(response: DescMessage, answer: Message): string | undefined {
  const place = etagPlace(response);
  const fields = reflect(response, answer);
  if (place === undefined || (place.holder !== undefined && !fields.isSet(place.holder))) return undefined;
  const etag = (place.holder === undefined ? fields : fields.get(place.holder)).get(place.etag);
  return typeof etag === "string" && etag !== "" ? etag : undefined;
}

function etagOf(message: DescMessage): DescField | undefined {
  return message.fields.find(({ name }) => name === ETAG);
}
