/**
 * The contracts as data. All that the gateway knows of the services is in the descriptor set beside this folder, which
 * `npm run generate` writes from proto/, comments included: a new RPC needs no line of code here.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createFileRegistry,
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
  getOption,
  hasOption,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { http } from "../../../shared/gen/google/api/annotations_pb.ts";
import type { HttpRule } from "../../../shared/gen/google/api/http_pb.ts";
import { type Comments, commentsOf } from "./comments.ts";

export interface Contract {
  readonly types: FileRegistry;
  readonly comments: Comments;
  /** The methods that have a JSON form, in the order of the contracts. */
  readonly methods: readonly DescMethod[];
}

/** The contracts that this gateway was built with. */
export async function readContract(): Promise<Contract> {
  return contractOf(await readFile(join(import.meta.dirname, "../contract.binpb")));
}

/** A contract from an encoded google.protobuf.FileDescriptorSet that holds its imports too. */
export function contractOf(descriptorSet: Uint8Array): Contract {
  const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const services = Array.from(types).filter((type): type is DescService => type.kind === "service");
  const methods = services.flatMap((service) => service.methods).filter((method) => hasOption(method, http));
  return { types, comments: commentsOf(types), methods };
}

/** How a method is called over HTTP. */
export function httpRuleOf(method: DescMethod): HttpRule {
  return getOption(method, http);
}
