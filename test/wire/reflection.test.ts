/** Server reflection: what clients learn of the contract from a service itself. */

import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { ServerReflection } from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../shared/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { startingWireServices, type WireService } from "./service.ts";

const start = startingWireServices();

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionAlpha],
] as const)("reflection %s", (_version, Reflection) => {
  type Question = { case: "listServices" | "fileByFilename" | "fileContainingSymbol"; value: string };

  async function ask(service: WireService, questions: Question[], baseUrl = service.grpcUrl) {
    const client = createClient(Reflection as typeof ServerReflection, createGrpcTransport({ baseUrl }));
    async function* requests() {
      for (const messageRequest of questions) yield { host: "h", messageRequest };
    }
    const answers = [];
    for await (const answer of client.serverReflectionInfo(requests())) answers.push(answer.messageResponse);
    return answers;
  }

  test("lists the services on both ports", async () => {
    const service = await start();
    for (const url of [service.grpcUrl, service.connectUrl]) {
      const [answer] = await ask(service, [{ case: "listServices", value: "" }], url);
      expect(answer?.case === "listServicesResponse" && answer.value.service.map(({ name }) => name)).toEqual([
        "availability.v1.UserService",
        "booking.v1.BookingService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ]);
    }
  });

  test.each([
    ["fileContainingSymbol", "booking.v1.BookingService"],
    ["fileContainingSymbol", "booking.v1.BookingService.CreateBooking"],
    ["fileContainingSymbol", "booking.v1.Booking.host_id"],
    ["fileContainingSymbol", "booking.v1.BOOKING_STATE_HELD"],
    ["fileContainingSymbol", "google.rpc.BadRequest.FieldViolation"],
    ["fileContainingSymbol", "google.protobuf.Timestamp"],
    ["fileContainingSymbol", "grpc.health.v1.Health"],
    ["fileByFilename", "booking/v1/booking_service.proto"],
    ["fileByFilename", "google/api/http.proto"],
  ] as const)("answers %s %s with files whose imports are all there", async (question, value) => {
    const [answer] = await ask(await start(), [{ case: question, value }]);
    if (answer?.case !== "fileDescriptorResponse") throw new Error(`answered ${answer?.case}`);
    const files = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    // Throws if a file or a type is missing.
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: importedFirst(files) }));
    expect([...registry.files]).toHaveLength(files.length);
  });

  test("answers what it does not know, and goes on", async () => {
    const answers = await ask(await start(), [
      { case: "fileContainingSymbol", value: "nobody.v1.Nothing" },
      { case: "fileByFilename", value: "nothing.proto" },
      { case: "fileContainingSymbol", value: "booking.v1.Booking" },
    ]);
    expect(answers.map((answer) => answer.case)).toEqual(["errorResponse", "errorResponse", "fileDescriptorResponse"]);
  });

  test("can be turned off", async () => {
    const service = await start({ reflection: false });
    const error = await ask(service, [{ case: "listServices", value: "" }]).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.Unimplemented });
  });
});

/** Files as a registry wants them: each after what it imports. */
function importedFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const sorted = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto | undefined): void => {
    if (file === undefined || sorted.has(file)) return;
    file.dependency.forEach((name) => visit(byName.get(name)));
    sorted.add(file);
  };
  files.forEach(visit);
  return [...sorted];
}
