import type { ServerOptions } from "node:http2";
import {
  CONCURRENT_STREAMS_MAX,
  CONNECTION_MEMORY_MAX_MB,
  HEADERS_MAX_BYTES,
  STREAM_RESET_BURST,
  type WireLimits,
} from "./limits.ts";

/** The limits of both listeners' HTTP/2 connections. */
export function http2Options({ streamResetsPerSecond }: WireLimits): ServerOptions {
  return {
    maxSessionMemory: CONNECTION_MEMORY_MAX_MB,
    streamResetBurst: STREAM_RESET_BURST,
    streamResetRate: streamResetsPerSecond,
    settings: { maxConcurrentStreams: CONCURRENT_STREAMS_MAX, maxHeaderListSize: HEADERS_MAX_BYTES },
  };
}
