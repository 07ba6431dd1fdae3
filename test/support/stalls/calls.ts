/** Every call of the contracts with as much as fits into each of its places, by every protocol. Made of the descriptors. */

import {
  type DescField,
  type DescMessage,
  type DescMethod,
  fromJson,
  type JsonValue,
  toBinary,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type Contract, httpRuleOf } from "../../../services/gateway/contract/contract.ts";
import { rulesOf } from "../../../services/gateway/contract/rules.ts";
import { bindingsOf } from "../../../services/gateway/transcoding/binding.ts";
import { tomorrow } from "../people.ts";
import { binaryTails } from "./binary-bodies.ts";
import { filled, jsonBodies, names } from "./json-bodies.ts";
import type { Outgoing } from "./sending.ts";

export interface StallCall extends Outgoing {
  readonly name: string;
}

/** A service as the calls reach it, and the header by which they may. */
export interface Target {
  readonly grpcUrl: string;
  readonly connectUrl: string;
  readonly authorization: Readonly<Record<string, string>>;
}

/** The request with which a method has to look at all that follows: good but for what is put into it. */
export function baseOf(desc: DescMessage, contract: Contract, ids: Readonly<Record<string, string>>) {
  const inContract = contract.types.getMessage(desc.typeName);
  const fields = (inContract?.fields ?? []).flatMap((field): [string, string][] => {
    const value = goodValue(field, ids);
    return value === undefined ? [] : [[field.name, value]];
  });
  return Object.fromEntries(fields);
}

function goodValue(field: DescField, ids: Readonly<Record<string, string>>) {
  const rules = rulesOf(field);
  if (rules.isTimeZone) return "Europe/Berlin";
  if (field.fieldKind === "scalar" && rules.isUuid && field.name !== "request_id")
    return ids[field.name] ?? ids["host_id"];
  if (field.fieldKind !== "message" || field.message.typeName !== TimestampSchema.typeName) return undefined;
  return new Date(tomorrow(rules.follows === undefined ? 9 : 10)).toISOString();
}

/** The calls of a method on both ports of its service. */
export function callsOfService(method: DescMethod, target: Target, base: Record<string, string>): StallCall[] {
  const path = `/${method.parent.typeName}/${method.name}`;
  const isUnary = method.methodKind === "unary";
  const call = (name: string, type: string, body: Uint8Array, grpc = false): StallCall => ({
    name: `${method.name} (${type}) ${name}`,
    url: (grpc ? target.grpcUrl : target.connectUrl) + path,
    method: "POST",
    headers: { "content-type": type, ...target.authorization, ...(grpc ? { te: "trailers" } : {}) },
    // Streams of Connect, and gRPC, have messages in envelopes.
    body: grpc || !isUnary ? enveloped(body) : body,
    // HTTP/1.1 has no streams in both directions.
    http2: grpc || method.methodKind === "bidi_streaming",
  });
  const good = toBinary(method.input, fromJson(method.input, base as JsonValue));
  const json = jsonBodies(method.input, base).map(({ name, text }) =>
    call(name, isUnary ? "application/json" : "application/connect+json", Buffer.from(text)),
  );
  const binary = binaryTails(method.input).flatMap(({ name, bytes }) => {
    const body = Buffer.concat([good, bytes]);
    return [
      call(name, isUnary ? "application/proto" : "application/connect+proto", body),
      call(name, "application/grpc", body, true),
    ];
  });
  return [
    ...json,
    ...binary,
    ...(method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ? getsOf(method, target) : []),
    ...many(method, target),
  ];
}

function enveloped(body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** A client's stream has many messages. */
function many(method: DescMethod, target: Target): StallCall[] {
  if (method.methodKind !== "bidi_streaming") return [];
  return method.input.fields.flatMap((field) => {
    if (field.fieldKind !== "scalar") return [];
    const questions = ["", method.parent.typeName, method.parent.file.proto.name].map((text) =>
      toBinary(method.input, fromJson(method.input, { [field.name]: text })),
    );
    return questions.map((question, index) => {
      const one = enveloped(question);
      const body = Buffer.concat(Array.from({ length: Math.floor((64 * 1024) / one.length) }, () => one));
      return {
        name: `${method.name} many messages: ${field.name} ${index}`,
        url: `${target.grpcUrl}/${method.parent.typeName}/${method.name}`,
        method: "POST",
        headers: { "content-type": "application/grpc", te: "trailers", ...target.authorization },
        body,
        http2: true,
      };
    });
  });
}

/** What a URL of 16 KiB may hold beside the path. */
const QUERY_ROOM = 12 * 1024;

/** Connect's GET, whose message is in the query. */
function getsOf({ name, parent, input }: DescMethod, { connectUrl, authorization }: Target): StallCall[] {
  const queries = [
    ["a long message", `connect=v1&encoding=json&message=${"%20".repeat(QUERY_ROOM / 3)}`],
    ["a long base64", `connect=v1&encoding=proto&base64=1&message=${"A".repeat(QUERY_ROOM)}`],
    [
      "many unknown keys",
      `connect=v1&encoding=json&message=${encodeURIComponent(`{${short(names(":0", ",", (key) => `"${key}"`))}}`)}`,
    ],
    ["many names", short(names("", "&", (key) => key))],
    ...input.fields.map((field) => [
      `a list of ${field.name}`,
      `connect=v1&encoding=json&message={"${field.name}":[${short(filled("1", "", "", ","))}]}`,
    ]),
  ] as const;
  return queries.map(([what, query]) => ({
    name: `${name} (Connect GET) ${what}`,
    url: `${connectUrl}/${parent.typeName}/${name}?${query}`,
    method: "GET",
    headers: { ...authorization },
    body: new Uint8Array(),
    http2: false,
  }));
}

function short(text: string): string {
  return text.slice(0, QUERY_ROOM).replace(/[,&][^,&]*$/, "");
}

/** The calls of a method at the gateway; `headers` has who calls. */
export function callsOfGateway(
  method: DescMethod,
  url: string,
  headers: Readonly<Record<string, string>>,
  base: Record<string, string>,
): StallCall[] {
  return bindingsOf(method, httpRuleOf(method)).flatMap(({ httpMethod, path, variables, body, method: { input } }) => {
    const inPath = new Set(variables.map(([field]) => field?.name ?? ""));
    const at = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => base[name] ?? name);
    const outside = Object.fromEntries(Object.entries(base).filter(([name]) => !inPath.has(name)));
    const call = (name: string, target: string, text = "", more: Readonly<Record<string, string>> = {}): StallCall => ({
      name: `${httpMethod} ${path} ${name}`,
      url: url + target,
      method: httpMethod,
      headers: { ...headers, ...(httpMethod === "GET" ? {} : { "content-type": "application/json" }), ...more },
      body: Buffer.from(text),
      http2: false,
    });
    const good = new URLSearchParams(outside).toString();
    const bodies = body === undefined ? [] : jsonBodies(input, outside).map(({ name, text }) => call(name, at, text));
    const queries = queriesOf(input).map(([name, query]) =>
      call(`query: ${name}`, `${at}?${body === undefined ? good : ""}&${query}`),
    );
    const paths = ["a", "%61", "%2f", "/", ":", "a/", "%2f%"].map((one) => call(`path of ${one}`, longPath(at, one)));
    const inHeaders = HEADERS.flatMap((name) =>
      ["a", '"', ",", "a."].map((one) =>
        call(`${name} of ${one}`, at, "", { [name]: `x${one.repeat((7 * 1024) / one.length)}x` }),
      ),
    );
    return [...bodies, ...queries, ...paths, ...inHeaders];
  });
}

const HEADERS = [
  "authorization",
  "idempotency-key",
  "if-match",
  "last-event-id",
  "accept",
  "origin",
  "grpc-timeout",
  "x-request-id",
  "content-type",
  "traceparent",
];

function longPath(path: string, one: string): string {
  return `${path}/${one.repeat(QUERY_ROOM / one.length)}`;
}

function queriesOf(input: DescMessage): (readonly [string, string])[] {
  const ofFields = input.fields.flatMap(({ name }) => [
    [`${name}, often`, short(filled(`${name}=1`, "", "", "&"))] as const,
    [`${name} with a long value`, `${name}=${"a".repeat(QUERY_ROOM)}`] as const,
    [`${name} with a long number`, `${name}=${"9".repeat(QUERY_ROOM)}`] as const,
    [`${name} with what is percent-encoded`, `${name}=${"%61".repeat(QUERY_ROOM / 3)}`] as const,
    [`${name} with a long path behind it`, `${name}${".a".repeat(QUERY_ROOM / 2)}=1`] as const,
  ]);
  return [
    ["many names", short(names("", "&", (name) => name))],
    ["many dots", ".".repeat(QUERY_ROOM)],
    ["many ampersands", "&".repeat(QUERY_ROOM)],
    ...ofFields,
  ];
}
