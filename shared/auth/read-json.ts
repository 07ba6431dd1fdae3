import { readFile } from "node:fs/promises";

/** The JSON in a file of keys. Throws an error that repeats nothing of it, which JSON.parse's own would. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
}
