import type { Message } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { StatusError } from "../../../shared/status-error.ts";
import type { OpenCall } from "../../../shared/rpc/call/open-call.ts";
import { packageOf } from "./backends.ts";
import type { EndingOf } from "./ending.ts";
import type { StreamForm } from "../answers/stream-form.ts";

/**
 * The texts of a stream, `first` being the message that has come already. It is read no faster than the caller reads, so
 * that a slow one is noticed by the service, which knows how to end it. Closes the call.
 */
export async function* streamTexts(
  call: OpenCall,
  first: Message,
  rest: AsyncIterator<Message>,
  form: StreamForm,
  endingOf: EndingOf,
): AsyncGenerator<string, void> {
  // The ending if the client stops reading, which resumes this function in its `finally`.
  let ending: StatusError | undefined = new StatusError(status.CANCELLED, "the client left");
  try {
    yield form.message(first, true);
    for (let next = await call.wait(rest.next()); next.done !== true; next = await call.wait(rest.next())) {
      yield form.message(next.value, false);
    }
    ending = undefined;
  } catch (thrown) {
    ending = endingOf(thrown, packageOf(call.method));
    yield form.ending(ending);
  } finally {
    call.close(ending);
    // Not awaited: it settles when the service has noticed. Nobody is left to tell.
    rest.return?.().catch(() => undefined);
  }
}
