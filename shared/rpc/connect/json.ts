import type { DescMessage } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { connectError } from "./error.ts";
import { StatusError } from "../../status-error.ts";
import { statusErrorOf } from "../as-status.ts";
import { decodeJson } from "../request/json.ts";
import { invalidRequest } from "../request/parse.ts";

/**
 * What connect-es takes for a text decoder: it hands over a request's text for decoding only if the text is a good message
 * of this type. This is the one place that every JSON body passes, of POST, GET and streams, after it was decompressed
 * and measured; connect-es passes our error on as it is.
 */
export function strictTextDecoder(desc: DescMessage, errorDomain: string): { decode(body?: Uint8Array): string } {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return {
    decode(body = new Uint8Array()) {
      const { text, value } = parsed(decoder, body);
      const decoded = decodeJson(desc, value, { offsets: "accept" });
      if ("message" in decoded) return text;
      throw connectError(statusErrorOf(invalidRequest(decoded.violations), errorDomain));
    },
  };
}

function parsed(decoder: TextDecoder, body: Uint8Array): { text: string; value: unknown } {
  try {
    const text = decoder.decode(body);
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    throw connectError(new StatusError(status.INVALID_ARGUMENT, "the request is not JSON", undefined, cause));
  }
}
