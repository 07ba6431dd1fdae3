/**
 * What the services' tables `requests` have in common: the calls that succeeded, by host and `request_id`. A row is written in
 * the transaction of the change itself, so that one never exists without the other.
 */

import { p } from "@mikro-orm/core";

export const requestColumns = {
  hostId: p.uuid().primary(),
  requestId: p.uuid().primary(),
  method: p.text(),
  contentHash: p.type("blob").$type<Buffer>().columnType("bytea"),
  createTime: p.datetime(3),
};

export const requestRules = {
  checks: [{ name: "requests_content_hash_is_sha256", expression: "octet_length(content_hash) = 32" }],
  indexes: [
    {
      // For the clean-up. A summary per block range (BRIN) would cost less, and stop helping when the space of rows that were
      // deleted is used again: then old and new ones lie side by side in every range.
      name: "requests_by_create_time",
      expression: "create index requests_by_create_time on requests (create_time)",
    },
  ],
};
