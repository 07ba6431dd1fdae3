/** The contract for people and programs: `/openapi.json`, and at `/docs/` a page to read it and to send requests from. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import type { FastifyInstance } from "fastify";
import { addPage } from "./page.ts";

const pages = join(import.meta.dirname, "../pages");
const swaggerUi = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

const assets = [
  { name: "", file: join(pages, "index.html"), type: "text/html" },
  { name: "start.js", file: join(pages, "start.js"), type: "text/javascript" },
  { name: "swagger-ui.css", file: join(swaggerUi, "swagger-ui.css"), type: "text/css" },
  { name: "swagger-ui-bundle.js", file: join(swaggerUi, "swagger-ui-bundle.js"), type: "text/javascript" },
  { name: "favicon-32x32.png", file: join(swaggerUi, "favicon-32x32.png"), type: "image/png" },
];

/** The page loads nothing from anywhere else, and shows texts from outside (errors, names) on the API's own origin. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const MAX_AGE_SECONDS = 3600;

/** Reads all files now: a request reads none. */
export async function addDocumentation(app: FastifyInstance, document: JsonObject): Promise<void> {
  const text = JSON.stringify(document);
  const cached = { "cache-control": `max-age=${MAX_AGE_SECONDS}` };
  addPage(app, "/openapi.json", async (_request, reply) => reply.headers(cached).type("application/json").send(text));
  // The page's own links are relative, so that it works behind a proxy that adds a prefix.
  addPage(app, "/docs", async (_request, reply) => reply.redirect("docs/", 308));
  for (const { name, file, type } of assets) {
    const content = await readFile(file);
    addPage(app, `/docs/${name}`, async (_request, reply) =>
      reply
        .headers({ ...cached, "content-security-policy": CONTENT_SECURITY_POLICY })
        .type(type)
        .send(content),
    );
  }
}
