/**
 * Server reflection (v1 and v1alpha, which differ in nothing but their name), so that grpcurl and buf curl work without
 * our proto files. Our own because `@grpc/reflection` cannot resolve imports; protobuf-es has all that it takes, with the
 * files under the very names by which they import each other.
 */

import {
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import type { ServerReflection, ServerReflectionRequest } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import type { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";
import type { Handlers } from "../handler.ts";

type Question = ServerReflectionRequest["messageRequest"];
type Response =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/** The handlers of `ServerReflection` about the given services, for either version. */
export function reflectionHandlers(
  services: readonly DescService[],
): Handlers<typeof ServerReflection> & Handlers<typeof ServerReflectionAlpha> {
  const index = indexOf(services);
  const handlers: Handlers<typeof ServerReflection> = {
    async *serverReflectionInfo(inquiries) {
      for await (const inquiry of inquiries) {
        const messageResponse = answer(index, inquiry.messageRequest);
        yield { validHost: inquiry.host, originalRequest: inquiry, messageResponse };
      }
    },
  };
  // The messages of the two versions have the same fields with the same numbers.
  return handlers as typeof handlers & Handlers<typeof ServerReflectionAlpha>;
}

interface Index {
  readonly serviceNames: readonly string[];
  readonly fileByName: ReadonlyMap<string, DescFile>;
  readonly fileBySymbol: ReadonlyMap<string, DescFile>;
  /** Each file encoded, once: a stranger's question has thirty bytes, and there may be thousands in one stream. */
  readonly bytesOf: ReadonlyMap<DescFile, Uint8Array>;
}

function indexOf(services: readonly DescService[]): Index {
  // Errors carry these messages inside `Any`: no contract imports them, but without them clients print base64.
  const files = withImports([...services.map((service) => service.file), file_google_rpc_error_details]);
  return {
    serviceNames: services.map((service) => service.typeName),
    fileByName: new Map([...files].map((file) => [file.proto.name, file])),
    fileBySymbol: new Map([...files].flatMap((file) => symbolsIn(file).map((symbol) => [symbol, file] as const))),
    bytesOf: new Map([...files].map((file) => [file, toBinary(FileDescriptorProtoSchema, file.proto)])),
  };
}

function answer(index: Index, question: Question): Response {
  switch (question.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: { service: index.serviceNames.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return fileAnswer(index, index.fileByName.get(question.value));
    case "fileContainingSymbol":
      return fileAnswer(index, index.fileBySymbol.get(question.value));
    case "fileContainingExtension":
    case "allExtensionNumbersOfType":
      // Extensions exist here only as options of our own files, and those come with the files.
      return failed(status.NOT_FOUND, "there are no extensions here");
    case undefined:
      return failed(status.INVALID_ARGUMENT, "the request asks nothing");
  }
}

/** The file with everything that it imports, so that no client has to ask on. */
function fileAnswer({ bytesOf }: Index, file: DescFile | undefined): Response {
  if (file === undefined) return failed(status.NOT_FOUND, "there is no such thing here");
  const fileDescriptorProto = [...withImports([file])].flatMap((each) => bytesOf.get(each) ?? []);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function failed(errorCode: number, errorMessage: string): Response {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}

function withImports(files: readonly DescFile[]): Set<DescFile> {
  // A set that grows while it is iterated: the loop visits what it adds.
  const all = new Set(files);
  for (const file of all) for (const imported of file.dependencies) all.add(imported);
  return all;
}

/** The full names that the file defines: types with their members, services with their methods. */
function symbolsIn(file: DescFile): string[] {
  return [...nestedTypes(file)].flatMap((type) => [type.typeName, ...membersOf(type)]);
}

function membersOf(type: DescMessage | DescEnum | DescExtension | DescService): string[] {
  switch (type.kind) {
    case "service":
      return type.methods.map((method) => `${type.typeName}.${method.name}`);
    case "message":
      return [...type.fields, ...type.oneofs].map((member) => `${type.typeName}.${member.name}`);
    case "enum":
      // Names of enum values belong to what encloses the enum.
      return type.values.map((value) => siblingName(type.typeName, value.name));
    case "extension":
      return [];
  }
}

function siblingName(fullName: string, name: string): string {
  return [...fullName.split(".").slice(0, -1), name].join(".");
}
