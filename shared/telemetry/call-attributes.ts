import type { Attributes } from "@opentelemetry/api";

/** What is told of every call, of one to a peer too, by the semantic conventions for RPC. `transport` is as our log has it. */
export function callAttributes(methodName: string, transport: string): Attributes {
  // OpenTelemetry has a name for Connect's own protocol. The others are called as everywhere.
  return { "rpc.method": methodName, "rpc.system.name": transport === "connect" ? "connectrpc" : transport };
}
