/** How a call ended, in one form for all protocols, so that they can be compared. */

import { createRegistry, fromBinary, type JsonObject, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { errorFromJson } from "@connectrpc/connect/protocol-connect";
import { type ServiceError, status } from "@grpc/grpc-js";
import { file_google_rpc_error_details } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../shared/gen/google/rpc/status_pb.ts";

export interface Ending {
  /** gRPC's name of the code, such as `NOT_FOUND`; `OK` for an answer. */
  readonly code: string;
  readonly message: string;
  /** The details of a refusal as JSON, by type name, such as `google.rpc.ErrorInfo`. */
  readonly details: Readonly<Record<string, JsonObject>>;
  readonly answer?: Message;
}

interface EncodedDetail {
  readonly type: string;
  readonly value: Uint8Array;
}

const detailTypes = createRegistry(file_google_rpc_error_details);

export function answered(answer: Message): Ending {
  return { code: "OK", message: "", details: {}, answer };
}

/** From what a Connect client rejects with. */
export function endingOfConnect(thrown: unknown): Ending {
  const error = ConnectError.from(thrown);
  const details = error.details.filter((detail): detail is EncodedDetail & typeof detail => "type" in detail);
  return { code: nameOf(error.code), message: error.rawMessage, details: decoded(details) };
}

/** From what grpc-js rejects with. */
export function endingOfGrpc(error: ServiceError): Ending {
  const [encoded] = error.metadata.get("grpc-status-details-bin");
  const anys = typeof encoded === "object" ? fromBinary(StatusSchema, encoded).details : [];
  const details = anys.map(({ typeUrl, value }) => ({ type: typeUrl.replace(/^.*\//, ""), value }));
  return { code: nameOf(error.code), message: error.details, details: decoded(details) };
}

/** From an HTTP answer of the Connect protocol. One whose body is no error of it has the code `HTTP <status>`. */
export async function endingOfHttp(answer: Response): Promise<Ending> {
  const body = await answer.text();
  if (answer.ok) return { code: "OK", message: body, details: {} };
  const none = new ConnectError("no error of the Connect protocol");
  try {
    return endingOfConnect(errorFromJson(JSON.parse(body) as JsonValue, undefined, none));
  } catch {
    return { code: `HTTP ${answer.status}`, message: body, details: {} };
  }
}

/** The reason of the contract; undefined where there is none. */
export function reasonIn(ending: Ending): unknown {
  return ending.details["google.rpc.ErrorInfo"]?.["reason"];
}

/** The fields that are named as wrong, in the order of the answer. */
export function fieldsIn(ending: Ending): string[] {
  const violations = ending.details["google.rpc.BadRequest"]?.["fieldViolations"] ?? [];
  // Proto3's JSON leaves an empty name out.
  return (violations as { readonly field?: string }[]).map(({ field }) => field ?? "");
}

function decoded(details: readonly EncodedDetail[]): Record<string, JsonObject> {
  return Object.fromEntries(
    details.map(({ type, value }) => {
      const desc = detailTypes.getMessage(type);
      if (desc === undefined) throw new Error(`${type} is not of google/rpc/error_details.proto`);
      return [type, toJson(desc, fromBinary(desc, value)) as JsonObject];
    }),
  );
}

/** The numbers of Connect's codes are gRPC's. */
function nameOf(code: number): string {
  return status[code] ?? String(code);
}
