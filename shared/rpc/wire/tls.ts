/** TLS on both listeners and to the peer, from PEM files that are read at start. */

import { readFile } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import { whyUnreadable } from "../../unreadable.ts";

/** Paths. Without `cert` and `key` the listeners speak plain text, for a network or a proxy that encrypts. */
export interface TlsFiles {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Of the authority whose certificates clients must show. */
  readonly clientCa: string | undefined;
  /** Of the authority of the peer's certificate, if not one that Node.js knows. */
  readonly peerCa: string | undefined;
}

export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  /** Whether clients must show a certificate: mutual TLS. */
  readonly requestCert: boolean;
}

/** What the service shows its peer (its own certificate, as a client's), and by what it knows the peer's. */
export type PeerTls = Pick<SecureContextOptions, "ca" | "cert" | "key">;

export interface Tls {
  readonly server: ServerTls | undefined;
  readonly peer: PeerTls;
}

/** Throws an error of one line if a file cannot be read. */
export async function readTls(files: TlsFiles): Promise<Tls> {
  const [cert, key, clientCa, peerCa] = await Promise.all(
    [files.cert, files.key, files.clientCa, files.peerCa].map(readPem),
  );
  const own = cert === undefined || key === undefined ? undefined : { cert, key };
  return {
    server: own && { ...own, requestCert: clientCa !== undefined, ...(clientCa === undefined ? {} : { ca: clientCa }) },
    peer: { ...own, ...(peerCa === undefined ? {} : { ca: peerCa }) },
  };
}

async function readPem(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  return readFile(path).catch((error: unknown) => {
    throw new Error(`the file ${path} cannot be read: ${whyUnreadable(error, path)}`);
  });
}
