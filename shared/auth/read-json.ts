import { readFile } from "node:fs/promises";
import { whyUnreadable } from "../unreadable.ts";

/** The JSON in a file of keys. Throws an error of one line that repeats nothing of it, which JSON.parse's own would. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new Error(whyUnreadable(cause, path));
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
}
