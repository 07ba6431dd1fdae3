/** V8 keeps a typed array of at most this many bytes in its heap, until its `buffer` is read. */
const ON_HEAP_MAX_BYTES = 64;

/** The same bytes as grpc-js wants them. Copied only where V8 would have to move them anyway. */
export function bufferOf(bytes: Uint8Array): Buffer {
  if (bytes.length <= ON_HEAP_MAX_BYTES) return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
