/** What a Markdown page shows: commands with the answers that they give, and links. */

export interface ShownCommand {
  readonly command: string;
  /** The block after it, as it is shown; undefined where no answer follows. */
  readonly answer: string | undefined;
}

/** A block of `bash` is one that no test pastes. */
const SHELL_BLOCK = /^```sh\n([\s\S]*?)\n```\n(?:\n```(?:json|text)\n([\s\S]*?)\n```\n)?/gm;

/** The blocks of shell, in order, each with the block of JSON or text that follows right behind it. */
export function shownCommands(page: string): ShownCommand[] {
  return [...page.matchAll(SHELL_BLOCK)].map(([, command = "", answer]) => ({ command, answer }));
}

/** Links to files of the project. */
export function linkedFiles(page: string): string[] {
  return [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = ""]) => target);
}

/**
 * An answer without what differs from one machine and moment to the next: ids, times and page tokens. JSON is compared as
 * what it says, so a program may print it on one line or many.
 */
export function comparable(answer: string): unknown {
  const text = answer
    .trim()
    .replaceAll(/"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"/g, '"<id>"')
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"<time>"')
    .replaceAll(/("nextPageToken": *)"[\w-]+"/g, '$1"<token>"')
    .replaceAll(/\b\d{16}\b/g, "<microseconds>");
  return text.startsWith("{") ? JSON.parse(text) : text;
}
