import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { StatusError } from "../../status-error.ts";
import { bufferOf } from "./bytes.ts";

/** The same ending in grpc-js's terms. Details travel as a `google.rpc.Status`, which is where every client looks for them. */
export function grpcError(ending: StatusError): Partial<StatusObject> {
  const metadata = new Metadata();
  // grpc-js percent-encodes the message and throws on text that is not well formed.
  const message = ending.message.toWellFormed();
  if (ending.details.length > 0) {
    const details = ending.details.map(({ desc, bytes }) => ({
      typeUrl: `type.googleapis.com/${desc.typeName}`,
      value: bytes,
    }));
    const bytes = toBinary(StatusSchema, create(StatusSchema, { code: ending.code, message, details }));
    metadata.set("grpc-status-details-bin", bufferOf(bytes));
  }
  return { code: ending.code, details: message, metadata };
}
