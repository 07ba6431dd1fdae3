/** docker/envoy.yaml against the contracts and docker-compose.yml. Envoy itself is not run here. */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { contractOf } from "../../services/gateway/contract/contract.ts";
import { ANSWER_MAX_BYTES, DEADLINE_DEFAULT_MS, REQUEST_MAX_BYTES } from "../../shared/limits.ts";

const project = resolve(import.meta.dirname, "../..");
const readYaml = (path: string): unknown => parse(readFileSync(join(project, path), "utf8"), { merge: true });

const address = z.object({ socket_address: z.object({ address: z.string(), port_value: z.number() }) });
const route = z.object({
  match: z
    .object({ path: z.string(), prefix: z.string(), safe_regex: z.strictObject({ regex: z.string() }) })
    .partial()
    .strict(),
  route: z
    .strictObject({
      cluster: z.string(),
      timeout: z.string(),
      retry_policy: z
        .strictObject({ retry_on: z.string(), num_retries: z.number(), per_try_timeout: z.string().optional() })
        .optional(),
    })
    .optional(),
  direct_response: z.object({ status: z.number() }).optional(),
});
type Route = z.output<typeof route>;
const transcoder = z.strictObject({
  "@type": z.string(),
  proto_descriptor: z.string(),
  services: z.array(z.string()),
  convert_grpc_status: z.literal(true),
  request_validation_options: z.record(z.string(), z.literal(true)),
  print_options: z.strictObject({ stream_newline_delimited: z.literal(true) }),
  max_request_body_size: z.literal(REQUEST_MAX_BYTES),
  max_response_body_size: z.literal(ANSWER_MAX_BYTES),
});
const manager = z.object({
  route_config: z.object({ virtual_hosts: z.tuple([z.object({ routes: z.array(route) })]) }),
  http_filters: z.tuple([
    z.object({ typed_config: transcoder }),
    z.object({ name: z.literal("envoy.filters.http.router") }),
  ]),
});
const cluster = z.object({
  name: z.string(),
  health_checks: z.array(z.object({ grpc_health_check: z.object({}) })),
  load_assignment: z.object({
    cluster_name: z.string(),
    endpoints: z.tuple([z.object({ lb_endpoints: z.tuple([z.object({ endpoint: z.object({ address }) })]) })]),
  }),
});
const envoy = z
  .object({
    static_resources: z.object({
      listeners: z.tuple([
        z.object({
          address,
          filter_chains: z.tuple([z.object({ filters: z.tuple([z.object({ typed_config: manager })]) })]),
        }),
      ]),
      clusters: z.array(cluster),
    }),
  })
  .parse(readYaml("docker/envoy.yaml")).static_resources;
const [listener] = envoy.listeners;
const { route_config: routing, http_filters: filters } = listener.filter_chains[0].filters[0].typed_config;
const settings = filters[0].typed_config;

const part = z.looseObject({
  environment: z.record(z.string(), z.coerce.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
});
const compose = z.object({ services: z.record(z.string(), part) }).parse(readYaml("docker-compose.yml")).services;

const contract = contractOf(readFileSync(join(project, "services/gateway/contract.binpb")));
const everyMethod = Array.from(contract.types).flatMap((type) => (type.kind === "service" ? type.methods : []));

/** The route that Envoy takes: the first that matches. A regular expression has to match the whole path. */
function routeOf(method: DescMethod): Route | undefined {
  const path = `/${method.parent.typeName}/${method.name}`;
  return routing.virtual_hosts[0].routes.find(({ match }) => {
    if (match.path !== undefined) return path === match.path;
    if (match.prefix !== undefined) return path.startsWith(match.prefix);
    return new RegExp(`^(?:${match.safe_regex?.regex})$`).test(path);
  });
}

test("its profile mounts this file and the descriptor set where they are looked for, and publishes its port", () => {
  const own = compose["gateway-envoy"];
  expect(own?.profiles).toEqual(["gateway-envoy"]);
  expect(own?.volumes).toEqual([
    "./docker/envoy.yaml:/etc/envoy/envoy.yaml:ro",
    `./services/gateway/contract.binpb:${settings.proto_descriptor}:ro`,
  ]);
  expect(own?.ports).toEqual([`127.0.0.1:8000:${listener.address.socket_address.port_value}`]);
});

test("each cluster is the gRPC port of the service of its name, and is asked how it is", () => {
  expect(envoy.clusters.map(({ name }) => name)).toEqual(["availability", "booking"]);
  for (const { name, load_assignment: assignment, health_checks: checks } of envoy.clusters) {
    const { address: host, port_value: port } = assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address;
    expect([assignment.cluster_name, host, String(port)]).toEqual([
      name,
      name,
      compose[name]?.environment["GRPC_PORT"],
    ]);
    expect(checks).toHaveLength(1);
  }
});

test("it transcodes the services that have a JSON form, and knows the types of error details", () => {
  const services = new Set(contract.methods.map((method) => method.parent.typeName));
  expect(settings.services.toSorted()).toEqual([...services].toSorted());
  for (const name of ["Status", "ErrorInfo", "BadRequest", "ResourceInfo", "PreconditionFailure", "RetryInfo"]) {
    expect(contract.types.getMessage(`google.rpc.${name}`), name).toBeDefined();
  }
});

describe("routes", () => {
  test.each(contract.methods.map((method) => [method.name, method] as const))(
    "%s goes to its service",
    (_name, method) => {
      const taken = routeOf(method)?.route;
      expect(`${taken?.cluster}.v1`).toBe(method.parent.file.proto.package);
      const retryOn = taken?.retry_policy?.retry_on ?? "";
      const isRead = method.idempotency === IdempotencyLevel.NO_SIDE_EFFECTS && method.methodKind === "unary";
      // "unavailable" may also mean that the service did it and could not say so.
      expect(retryOn.split(",").includes("unavailable")).toBe(isRead);
      if (method.methodKind === "unary") {
        expect(Number.parseInt(taken?.timeout ?? "", 10) * 1000).toBeGreaterThan(DEADLINE_DEFAULT_MS);
      } else {
        expect(taken).toEqual({ cluster: "booking", timeout: "0s" });
      }
    },
  );

  test("lead to nothing that is not for the web", () => {
    const inner = everyMethod.filter((method) => !contract.methods.includes(method));
    expect(inner.map(({ name }) => name).toSorted()).toEqual([
      "FenceHost",
      "FenceUser",
      "HasGuest",
      "ResolveSubject",
      "SnapshotAvailability",
    ]);
    for (const method of inner) expect(routeOf(method)?.route).toBeUndefined();
  });
});
