import { isUtf8 } from "node:buffer";
import { configureTextEncoding, getTextEncoding } from "@bufbuild/protobuf/wire";

/** What bytes that are not UTF-8 decode to: a lone surrogate, which no valid text contains. */
const ILL_FORMED = "\uD800";

let installed = false;

/**
 * Lets protobuf-es decode strings that are not valid UTF-8, to text that is not well formed. Left alone it throws, the
 * whole message is lost, and the caller never learns which field was wrong; `parse.ts` refuses such text by name.
 *
 * protobuf-es has one text encoding per process, so this changes it for everything in the process, once.
 */
export function admitIllFormedText(): void {
  if (installed) return;
  installed = true;
  const encoding = getTextEncoding();
  // Deprecated in favour of replacing the global TextDecoder, which would change it for every library here.
  // oxlint-disable-next-line typescript/no-deprecated
  configureTextEncoding({
    ...encoding,
    decodeUtf8: (bytes, strict) => (strict === true && !isUtf8(bytes) ? ILL_FORMED : encoding.decodeUtf8(bytes)),
  });
}
