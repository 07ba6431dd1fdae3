/** The OpenAPI 3.1 document of all that the gateway answers, made of the contracts and their comments. */

import type { JsonObject } from "@bufbuild/protobuf";
import type { Contract } from "../contract/contract.ts";
import type { Binding } from "../transcoding/binding.ts";
import { STATUS, statusSchema } from "./errors.ts";
import { operationOf } from "./operation.ts";
import { openSchemas } from "./schema.ts";

const DESCRIPTION = `Hosts say when they can be booked, guests book it. The same calls are offered over gRPC and Connect.

All times are UTC, written as in \`2030-01-07T10:00:00Z\`. Unknown fields are refused. A write that is sent again with the
same \`Idempotency-Key\` happens once. Every error has the form of \`google.rpc.Status\`.`;

const TOKEN = `An access token of the identity provider that the services are set up with (\`AUTH_ISSUER\`). What it must have, how a
user is connected with its tokens, and where the reason is when one is refused: docs/identity.md.`;

export function openApiDocument(contract: Contract, bindings: readonly Binding[]): JsonObject {
  const schemas = openSchemas(contract.comments);
  const paths: Record<string, JsonObject> = {};
  const uses = new Map<string, number>();
  for (const binding of bindings) {
    // A rule for any HTTP method has no place in OpenAPI.
    if (binding.httpMethod === "*") continue;
    const { name } = binding.method;
    const use = (uses.get(name) ?? 0) + 1;
    uses.set(name, use);
    const path = withoutPatterns(binding.path);
    const operation = operationOf(binding, use === 1 ? name : `${name}${use}`, contract, schemas);
    paths[path] = { ...paths[path], [binding.httpMethod.toLowerCase()]: operation };
  }
  const status = statusSchema(contract, schemas);
  const services = new Set(contract.methods.map((method) => method.parent));
  return {
    openapi: "3.1.0",
    info: { title: "Slotwright", version: "v1", description: DESCRIPTION, license: { name: "MIT", identifier: "MIT" } },
    // Wherever the document was read from.
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    tags: Array.from(services, (service) => ({ name: service.name, description: contract.comments(service) })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: TOKEN },
      },
      schemas: { ...schemas.components, [STATUS]: status },
    },
  };
}

/** OpenAPI knows `{name}` only, not `{name=things/*}`. */
function withoutPatterns(path: string): string {
  return path.replaceAll(/\{([^}=]+)=[^}]*\}/g, "{$1}");
}
