/** The floor of `list-open-slots`: the same listener and the same answer, which is ready and only encoded. */

import { fromBinary } from "@bufbuild/protobuf";
import { pino } from "pino";
import { OPEN } from "../../shared/auth/access.ts";
import { BookingService, ListOpenSlotsResponseSchema } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { serve } from "../../shared/service/serve.ts";
import { LOG_LEVEL } from "./stage.ts";
import { answerQuestions } from "./worker.ts";

/** Asked with an encoded answer, to be given to every call; answers with its port. */
answerQuestions(async (encoded: Uint8Array): Promise<number> => {
  const answer = fromBinary(ListOpenSlotsResponseSchema, encoded);
  const handlers = Object.fromEntries(BookingService.methods.map((method) => [method.localName, async () => answer]));
  const served = await serve({
    services: [{ service: BookingService, handlers, access: OPEN }],
    grpc: { host: "127.0.0.1", port: 0 },
    connect: { host: "127.0.0.1", port: 0 },
    tls: undefined,
    authentication: {
      identify: () => Promise.reject(new Error("the floor asks nobody for a token")),
      tellsWhy: false,
    },
    limits: { readsPerSecond: 0, writesPerSecond: 0, streamStartsPerSecond: 0, openStreams: 0 },
    reflection: false,
    errorDomain: "booking.v1",
    log: pino({ level: LOG_LEVEL }),
    isReady: async () => true,
    drainPauseMs: 0,
  });
  return served.grpcPort;
});
