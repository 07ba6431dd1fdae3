/** Questions that one answer can hold: asked together, by all who come while the answers before are on their way. */

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface GatherLimits {
  /** Questions that are asked together. */
  readonly most: number;
  /** Asks that are under way at a time: with a second one, who answers need not wait while the first one's answer is used. */
  readonly asks: number;
}

/**
 * Returns a function that asks one question. Where nothing is under way it is asked at once and alone; those that come while
 * as many asks are under way as may be are asked together next, so a crowd of a thousand costs a handful of asks. `ask`
 * answers in the order of its questions; if it fails, all of them do. An ask begins after each of its questions was put,
 * never before.
 */
export function gather<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  limits: GatherLimits,
): (question: Question) => Promise<Answer> {
  let waiting: Waiting<Question, Answer>[] = [];
  let asking = 0;

  async function askAll(): Promise<void> {
    asking += 1;
    while (waiting.length > 0) {
      const asked = waiting.slice(0, limits.most);
      waiting = waiting.slice(limits.most);
      try {
        const answers = await ask(asked.map(({ question }) => question));
        for (const [index, { resolve }] of asked.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    asking -= 1;
  }

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (asking < limits.asks) void askAll();
    });
}
