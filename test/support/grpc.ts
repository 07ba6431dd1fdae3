/** Calls by `@grpc/grpc-js`, a gRPC implementation that is not Connect's. */

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type CallOptions, Client, credentials, Metadata } from "@grpc/grpc-js";

/** A channel to `address` (`host:port`). Close it when done. */
export function grpcChannel(address: string): Client {
  return new Client(address, credentials.createInsecure());
}

/** One unary call, with the `authorization` if there is one. Rejects with grpc-js' ServiceError: `code`, `details`, and the error details in `metadata`. */
export async function grpcCall<I extends DescMessage, O extends DescMessage>(
  channel: Client,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  options: CallOptions = {},
  authorization?: string,
): Promise<MessageShape<O>> {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set("authorization", authorization);
  const { promise, resolve, reject } = Promise.withResolvers<MessageShape<O>>();
  channel.makeUnaryRequest(
    `/${method.parent.typeName}/${method.name}`,
    (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
    (bytes) => fromBinary(method.output, bytes),
    create(method.input, request),
    metadata,
    options,
    (error, answer) => {
      if (error !== null) reject(error);
      else if (answer === undefined) reject(new Error("neither an error nor an answer"));
      else resolve(answer);
    },
  );
  return promise;
}
