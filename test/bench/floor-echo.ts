/** The floor of the echo rows: grpc-js with nothing around it, and an answer that is ready. */

import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import { ECHO_PATH } from "./messages.ts";
import { answerQuestions } from "./worker.ts";

/** `status: SERVING`. */
const ANSWER = Buffer.from([8, 1]);
const unchanged = (bytes: Buffer): Buffer => bytes;

const definition = {
  path: ECHO_PATH,
  requestStream: false,
  responseStream: false,
  requestSerialize: unchanged,
  requestDeserialize: unchanged,
  responseSerialize: unchanged,
  responseDeserialize: unchanged,
};
const check = (_call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void => respond(null, ANSWER);

/** Answers with its port. */
answerQuestions(
  () =>
    new Promise<number>((resolve, reject) => {
      const server = new Server();
      server.addService({ check: definition }, { check });
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    }),
);
