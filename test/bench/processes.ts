/** CPU time and memory of processes, from /proc. Empty where there is none (not Linux). */

import { readdir, readFile } from "node:fs/promises";

/** Linux counts CPU time in hundredths of a second, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process has used, or NaN. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = await statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU seconds of a PostgreSQL server: of its main process, its children, and those of its children that have ended. */
export async function serverCpuSeconds(pid: number): Promise<number> {
  const main = await statOf(pid);
  let ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(main[field]), 0);
  for (const entry of await readdir("/proc").catch(() => [])) {
    const fields = /^\d+$/.test(entry) ? await statOf(Number(entry)) : [];
    if (Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Resident memory in megabytes, or NaN. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** The fields behind the command's name, which may contain anything: state, parent, ... See proc_pid_stat(5). */
async function statOf(pid: number): Promise<readonly string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
