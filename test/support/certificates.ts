/** Certificates of an authority that lasts as long as a test, made by the program `openssl`. */

import { execFile, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Whether the program is there. */
export function hasOpenssl(): boolean {
  return spawnSync("openssl", ["version"]).status === 0;
}

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** An authority of its own. */
export async function makeAuthority(folder: string, name: string): Promise<Certificate> {
  const made = pathsOf(folder, name);
  await openssl(
    "req",
    "-x509",
    ...NEW_KEY,
    "-subj",
    `/CN=${name}`,
    "-days",
    "1",
    "-keyout",
    made.key,
    "-out",
    made.cert,
  );
  return made;
}

/** A certificate for 127.0.0.1, good for servers and clients alike. */
export async function makeCertificate(folder: string, name: string, authority: Certificate): Promise<Certificate> {
  const made = pathsOf(folder, name);
  const request = join(folder, `${name}.csr`);
  const names = join(folder, `${name}.ext`);
  await writeFile(names, "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  await openssl("req", "-new", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", made.key, "-out", request);
  const by = ["-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial", "-extfile", names, "-days", "1"];
  await openssl("x509", "-req", "-in", request, ...by, "-out", made.cert);
  return made;
}

/** What a client presents, and whom it trusts. */
export async function presented(authority: Certificate, own?: Certificate) {
  const ca = await readFile(authority.cert);
  return own === undefined ? { ca } : { ca, cert: await readFile(own.cert), key: await readFile(own.key) };
}

function pathsOf(folder: string, name: string): Certificate {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}

async function openssl(...args: readonly string[]): Promise<void> {
  await promisify(execFile)("openssl", args);
}
