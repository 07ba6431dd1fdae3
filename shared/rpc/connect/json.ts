import { AsyncLocalStorage } from "node:async_hooks";
import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { connectError } from "./error.ts";
import { StatusError } from "../../status-error.ts";
import { inCallersWords, statusErrorOf } from "../as-status.ts";
import { type CallersWords, fieldNamed, namesWritten, wordsOf } from "../request/field-names.ts";
import { decodeJson } from "../request/json.ts";
import { invalidRequest } from "../request/invalid-request.ts";
import { standardMask } from "../request/mask.ts";

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

/** The message with names that connect-es knows, those in masks too; undefined if it has no others. */
function standardNames(desc: DescMessage, value: object): string | undefined {
  const entries = Object.entries(value) as [string, JsonValue][];
  const standard = entries.map(([name, given]): [string, JsonValue] => {
    const field = fieldNamed(desc, name);
    if (field === undefined) return [name, given];
    return [name === field.jsonName ? name : field.name, standardMask(field, given)];
  });
  const isStandard = standard.every(
    ([name, given], index) => name === entries[index]?.[0] && given === entries[index][1],
  );
  return isStandard ? undefined : JSON.stringify(Object.fromEntries(standard));
}
