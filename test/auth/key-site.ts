import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { jwkOf, type Keys } from "../support/forged-tokens.ts";

export interface KeySite {
  readonly url: string;
  readonly port: number;
  readonly asked: () => number;
  readonly close: () => Promise<void>;
}

/** A web site with the public keys. */
export async function startKeySite(owners: readonly Keys["issuer"][], port = 0): Promise<KeySite> {
  let asked = 0;
  const site: Server = createServer((_request, response) => {
    asked += 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: owners.map(jwkOf) }));
  });
  site.listen(port, "127.0.0.1");
  await once(site, "listening");
  const address = site.address() as AddressInfo;
  const close = async (): Promise<void> => {
    site.closeAllConnections();
    await new Promise((closed) => void site.close(closed));
  };
  return { url: `http://127.0.0.1:${address.port}/keys`, port: address.port, asked: () => asked, close };
}
