/** The plans of all statements that run on a database, as PostgreSQL itself reports them. */

import type { ClientBase, Pool } from "pg";
import { onServer } from "./server.ts";

export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Rows Removed by Join Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface Plan {
  readonly query: string;
  /** All nodes, outermost first. */
  readonly nodes: readonly PlanNode[];
}

const SETTINGS = {
  session_preload_libraries: "auto_explain",
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_analyze": "on",
  "auto_explain.log_buffers": "on",
  "auto_explain.log_format": "json",
  "auto_explain.log_level": "notice",
};

/**
 * Has the database explain every statement to its sender: the very statement, prepared or not, with the settings of
 * its connection. Connections that are open already do not.
 */
export async function explainAll(url: string): Promise<void> {
  await onServer(url, async (client) => {
    await client.query("load 'auto_explain'");
    for (const [name, value] of Object.entries(SETTINGS)) {
      await client.query(`alter database ${new URL(url).pathname.slice(1)} set ${name} = '${value}'`);
    }
  });
}

/** Collects what is explained on the connections of a pool, from now on. */
export function plansOn(pool: Pool): Plan[] {
  const plans: Plan[] = [];
  pool.on("connect", (client: ClientBase) => {
    client.on("notice", ({ message }) => {
      const [, json] = /^duration: .* plan:\n([^]*)$/.exec(message ?? "") ?? [];
      if (json === undefined) return;
      const { "Query Text": query, Plan: root } = JSON.parse(json) as { "Query Text": string; Plan: PlanNode };
      plans.push({ query: query.replaceAll(/\s+/g, " "), nodes: flatten(root) });
    });
  });
  return plans;
}

/** Rows that a node has looked at: those that it passed on and those that it threw away. */
export function rowsRead(node: PlanNode): number {
  const perLoop =
    node["Actual Rows"] +
    (node["Rows Removed by Filter"] ?? 0) +
    (node["Rows Removed by Index Recheck"] ?? 0) +
    (node["Rows Removed by Join Filter"] ?? 0);
  return perLoop * node["Actual Loops"];
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
