import { AsyncLocalStorage } from "node:async_hooks";
import type { DescMessage } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { connectError } from "./error.ts";
import { StatusError } from "../../status-error.ts";
import { inCallersWords, statusErrorOf } from "../as-status.ts";
import { type CallersWords, fieldNamed, namesWritten, wordsOf } from "../request/field-names.ts";
import { decodeJson } from "../request/json.ts";
import { invalidRequest } from "../request/invalid-request.ts";

/** connect-es tells the decoder nothing of the call, and the handler nothing of the text: this is what the two share. */
const jsonCall = new AsyncLocalStorage<{ words: CallersWords | undefined }>();

/** Answers a request whose body may be JSON: within it, `callersWords` are those of its sender. */
export function answeringJson<T>(answer: () => Promise<T>): Promise<T> {
  return jsonCall.run({ words: undefined }, answer);
}

/** How the sender of the JSON that is being answered names fields; undefined if it was not JSON. */
export function callersWords(): CallersWords | undefined {
  return jsonCall.getStore()?.words;
}

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
      const words = wordsOf(desc, () => namesWritten(desc, value));
      const call = jsonCall.getStore();
      if (call !== undefined) call.words = words;
      const decoded = decodeJson(desc, value, { offsets: "accept" });
      if ("message" in decoded) return standardNames(desc, value as object) ?? text;
      throw connectError(inCallersWords(statusErrorOf(invalidRequest(decoded.violations), errorDomain), words));
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

/** The message with names that connect-es knows; undefined if it has no others. */
function standardNames(desc: DescMessage, value: object): string | undefined {
  const standard = (name: string): string => {
    const field = fieldNamed(desc, name);
    return field === undefined || name === field.jsonName ? name : field.name;
  };
  const entries = Object.entries(value);
  if (entries.every(([name]) => standard(name) === name)) return undefined;
  return JSON.stringify(Object.fromEntries(entries.map(([name, given]) => [standard(name), given as unknown])));
}
