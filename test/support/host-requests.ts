/** A change of a host without an RPC around it. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { RemoveAvailabilityResponseSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";

/** Answers with what the change returns. */
export const answerAsGiven = {
  schema: RemoveAvailabilityResponseSchema,
  of: (given: MessageInitShape<typeof RemoveAvailabilityResponseSchema>) => given,
};
