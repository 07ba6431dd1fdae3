import type { FastifyInstance, RouteHandlerMethod } from "fastify";
import { methodNotAllowed } from "../answers/http-error.ts";

const READ = ["GET", "HEAD"];

/** Adds something of the gateway's own that can be read. Other HTTP methods are refused as they are everywhere else. */
export function addPage(app: FastifyInstance, url: string, handler: RouteHandlerMethod): void {
  app.get(url, handler);
  const refuse = async (): Promise<never> => {
    throw methodNotAllowed(READ);
  };
  const others = app.supportedMethods.filter((method) => !READ.includes(method));
  // Before the body is read: pages take none.
  app.route({ method: others, url, onRequest: refuse, handler: refuse });
}
