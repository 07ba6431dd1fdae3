import { spawn } from "node:child_process";
import { once } from "node:events";

/** A shell that stays open, so that what one command sets the next one has: a terminal that is pasted into. */
export interface Shell {
  /** What the command prints on both outputs. */
  run(command: string): Promise<string>;
  close(): Promise<void>;
}

export function openShell(folder: string, environment: Readonly<Record<string, string>>): Shell {
  const child = spawn("sh", {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let printed = "";
  let received: () => void = () => undefined;
  child.stdout.on("data", (piece) => {
    printed += String(piece);
    received();
  });
  let count = 0;
  return {
    async run(command) {
      count += 1;
      const end = `end of command ${count}\n`;
      // A command that reads its input gets none of the shell's.
      child.stdin.write(`{ ${command}\n} < /dev/null 2>&1; echo; printf '${end.trim()}\\n'\n`);
      while (!printed.endsWith(end)) await new Promise<void>((resolve) => (received = resolve));
      const text = printed.slice(0, -end.length);
      printed = "";
      // npm remarks on settings of the machine.
      return text.replaceAll(/^npm warn .*\n/gm, "").trim();
    },
    async close() {
      child.stdin.end();
      await once(child, "close");
    },
  };
}
