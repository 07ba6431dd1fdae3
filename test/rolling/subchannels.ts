import { type Client, getChannelzHandlers, type ServerUnaryCall } from "@grpc/grpc-js";

const channelz = getChannelzHandlers();

/** How many of the channels' connections are ready, as grpc-js itself tells it (channelz). */
export async function readySubchannels(channels: readonly Client[]): Promise<number> {
  const ids = channels.map((channel) => channel.getChannel().getChannelzRef().id);
  const each = await Promise.all(ids.map(async (id) => await ready(id)));
  return each.reduce((sum, count) => sum + count, 0);
}

async function ready(channelId: number): Promise<number> {
  const told = await ask(channelz.GetChannel, { channel_id: channelId });
  const references = told.channel?.subchannel_ref ?? [];
  const states = await Promise.all(
    references.map(async ({ subchannel_id: id }) => await ask(channelz.GetSubchannel, { subchannel_id: Number(id) })),
  );
  return states.filter(({ subchannel }) => subchannel?.data?.state?.state === "READY").length;
}

async function ask<Request, Answer>(
  handler: (call: ServerUnaryCall<Request, Answer>, respond: (error: unknown, answer?: Answer | null) => void) => void,
  request: object,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  handler({ request } as ServerUnaryCall<Request, Answer>, (error, answer) => {
    if (answer === undefined || answer === null) reject(error);
    else resolve(answer);
  });
  return promise;
}
