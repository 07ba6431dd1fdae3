import { ConnectError } from "@connectrpc/connect";
import { reasonOf } from "../../shared/rpc/client.ts";

/** The reason with which a call is refused, or "accepted". Rejects if it fails without a reason. */
export async function outcomeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return "accepted";
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return reason;
  }
}

/** The error that a call is refused with. Throws if it is not. */
export async function refusalOf(answer: Promise<unknown>): Promise<ConnectError> {
  const error = await answer.then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  if (!(error instanceof ConnectError)) throw new TypeError("the call was not refused", { cause: error });
  return error;
}
