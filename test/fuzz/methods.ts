/** The methods of the contracts, and the ports that answer them. */

import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { http } from "../../shared/gen/google/api/annotations_pb.ts";
import { ServerReflection } from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../shared/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../shared/gen/health/v1/health_pb.ts";
import { type DoorName, programOf } from "./conversation.ts";

const everywhere = [...Health.methods, ...ServerReflection.methods, ...ServerReflectionAlpha.methods];
const availability = [...AvailabilityService.methods, ...UserService.methods];
const booking = [...BookingService.methods, ...FenceService.methods];

const methods: Readonly<Record<ReturnType<typeof programOf>, readonly DescMethod[]>> = {
  availability: [...availability, ...everywhere],
  booking: [...booking, ...everywhere],
  gateway: [...availability, ...booking].filter((method) => hasOption(method, http)),
};

export function methodsAt(door: DoorName): readonly DescMethod[] {
  return methods[programOf(door)];
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** The method and path template by which the gateway knows an RPC. */
export function ruleOf(method: DescMethod): { readonly httpMethod: string; readonly template: string } {
  const { case: httpMethod, value } = getOption(method, http).pattern;
  if (httpMethod === undefined || httpMethod === "custom") throw new Error(`${method.name} has no plain rule`);
  return { httpMethod: httpMethod.toUpperCase(), template: value };
}
