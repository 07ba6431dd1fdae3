import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { StatusError } from "../../status-error.ts";
import { bufferOf } from "./bytes.ts";

/** The same ending in grpc-js's terms. Details travel as a `google.rpc.Status`, which is where every client looks for them. */
export function grpcError(ending: StatusError): Partial<StatusObject> {
  const metadata = new Metadata();
  const details = statusDetails(ending);
  if (details !== undefined) metadata.set("grpc-status-details-bin", details);
  // grpc-js percent-encodes the message and throws on text that is not well formed.
  return { code: ending.code, details: ending.message.toWellFormed(), metadata };
}

/** The value of `grpc-status-details-bin`; undefined if the ending has no details. */
export function statusDetails({ code, message, details }: StatusError): Buffer | undefined {
  if (details.length === 0) return undefined;
  const packed = details.map(({ desc, bytes }) => ({
    typeUrl: `type.googleapis.com/${desc.typeName}`,
    value: bytes,
  }));
  const ending = { code, message: message.toWellFormed(), details: packed };
  return bufferOf(toBinary(StatusSchema, create(StatusSchema, ending)));
}
