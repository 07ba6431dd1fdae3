/** The answer of a unary call over HTTP. */

import type { JsonObject, JsonValue, Message, Registry } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { type Binding, isCreation } from "../transcoding/binding.ts";
import { etagIn } from "./etag.ts";

export interface Answer {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonValue;
}

export function answerOf(binding: Binding, message: Message, registry: Registry): Answer {
  const { method, responseBody } = binding;
  const json = toJson(method.output, message, { registry }) as JsonObject;
  const etag = etagIn(method.output, message);
  return {
    httpStatus: isCreation(binding) ? 201 : 200,
    headers: etag === undefined ? {} : { etag },
    body: responseBody === undefined ? json : (json[responseBody.jsonName] ?? null),
  };
}
