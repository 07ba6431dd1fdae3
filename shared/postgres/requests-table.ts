/** The table that makes a repeated call one call: `requests`, the same in every service's database. */

import { defineEntity, p } from "@mikro-orm/core";

/**
 * The answers of calls that succeeded, by host and `request_id`. Written in the transaction of the change itself, so that
 * one never exists without the other. `answer` holds plain domain values, `content_hash` the SHA-256 of what was asked.
 */
export const Request = defineEntity({
  name: "Request",
  tableName: "requests",
  properties: {
    hostId: p.uuid().primary(),
    requestId: p.uuid().primary(),
    method: p.text(),
    contentHash: p.type("blob").$type<Buffer>().columnType("bytea"),
    answer: p.json<unknown>(),
    createTime: p.datetime(3),
  },
  checks: [{ name: "requests_content_hash_is_sha256", expression: "octet_length(content_hash) = 32" }],
  indexes: [
    {
      // For the clean-up. A summary per block range (BRIN) would cost less, and stop helping when the space of rows that were
      // deleted is used again: then old and new ones lie side by side in every range.
      name: "requests_by_create_time",
      expression: "create index requests_by_create_time on requests (create_time)",
    },
  ],
});
