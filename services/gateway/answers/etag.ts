/** Versions: the contract has them as a field `etag`, HTTP as a header. */

import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { ETAG } from "../transcoding/header-fields.ts";

interface EtagPlace {
  readonly holder: DescField & { readonly fieldKind: "message" };
  readonly etag: DescField;
}

/** Where a response has the version of the one thing that it holds. Undefined if it holds several, or none with versions. */
export function etagPlace(response: DescMessage): EtagPlace | undefined {
  const holders = response.fields.filter((field) => field.fieldKind === "message");
  const [holder] = holders;
  const etag = holder?.message.fields.find(({ name }) => name === ETAG);
  return holder === undefined || etag === undefined || holders.length > 1 ? undefined : { holder, etag };
}

/** The version in an answer; undefined if it has none. */
export function etagIn(response: DescMessage, answer: Message): string | undefined {
  const place = etagPlace(response);
  const fields = reflect(response, answer);
  if (place === undefined || !fields.isSet(place.holder)) return undefined;
  const etag = fields.get(place.holder).get(place.etag);
  return typeof etag === "string" && etag !== "" ? etag : undefined;
}
