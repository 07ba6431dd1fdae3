/** The answer of a unary call over HTTP. */

import { type JsonObject, type JsonValue, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import { type Binding, isCreation } from "../transcoding/binding.ts";
import { etagIn } from "./etag.ts";

export interface HttpAnswer {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonValue;
}

export function answerOf(binding: Binding, message: Message, registry: Registry): HttpAnswer {
  const etag = etagIn(binding.method.output, message);
  return {
    httpStatus: isCreation(binding) ? 201 : 200,
    headers: etag === undefined ? {} : { etag },
    body: bodyOf(binding, message, registry),
  };
}

function bodyOf({ method, responseBody }: Binding, message: Message, registry: Registry): JsonValue {
  const json = toJson(method.output, message, { registry }) as JsonObject;
  if (responseBody === undefined) return json;
  const { jsonName } = responseBody;
  if (Object.hasOwn(json, jsonName)) return json[jsonName] ?? null;
  // It is left out because it is unset: the answer is then its empty value, such as [].
  const whole = toJson(method.output, message, { registry, alwaysEmitImplicit: true }) as JsonObject;
  return whole[jsonName] ?? null;
}
