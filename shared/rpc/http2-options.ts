import type { ServerOptions } from "node:http2";
import {
  CONCURRENT_STREAMS_MAX,
  CONNECTION_MEMORY_MAX_MB,
  HEADERS_MAX_BYTES,
  STREAM_RESET_BURST,
  STREAM_RESETS_PER_SECOND,
} from "./wire-limits.ts";

/** The limits of both listeners' HTTP/2 connections. */
export const http2Options: ServerOptions = {
  maxSessionMemory: CONNECTION_MEMORY_MAX_MB,
  streamResetBurst: STREAM_RESET_BURST,
  streamResetRate: STREAM_RESETS_PER_SECOND,
  settings: { maxConcurrentStreams: CONCURRENT_STREAMS_MAX, maxHeaderListSize: HEADERS_MAX_BYTES },
};
