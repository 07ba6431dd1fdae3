/** The contract that uses every rule of google/api/http.proto, and what the transcoder makes of requests by it. */

import { isMessage, toJson } from "@bufbuild/protobuf";
import { httpRuleOf } from "../../services/gateway/contract/contract.ts";
import { bindingsOf } from "../../services/gateway/transcoding/binding.ts";
import { requestMessage } from "../../services/gateway/transcoding/request.ts";
import { routeTable } from "../../services/gateway/transcoding/table.ts";
import { BadRequestSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusError } from "../../shared/status-error.ts";
import { transcodingContract } from "./contract.ts";

export const contract = transcodingContract();
export const table = routeTable(contract.methods.flatMap((method) => bindingsOf(method, httpRuleOf(method))));

/** The RPC that a request becomes, and its message; or what is told to the caller. */
export function transcoded(httpMethod: string, url: string, body?: unknown): unknown {
  const [path = "", query = ""] = url.split("?");
  const found = table.find(httpMethod, path);
  if (typeof found === "string" || "allowed" in found) return found;
  const { binding, texts } = found;
  const bytes = Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
  try {
    const { message } = requestMessage(binding, { texts, query, body: bytes, headers: {} }, () => []);
    return [binding.method.name, toJson(binding.method.input, message)];
  } catch (thrown) {
    if (!(thrown instanceof StatusError)) throw thrown;
    if (thrown.reason === undefined) return { refused: thrown.message };
    const named = thrown.details.flatMap(({ message }) =>
      isMessage(message, BadRequestSchema) ? message.fieldViolations : [],
    );
    return { wrong: named.map(({ field }) => field) };
  }
}
