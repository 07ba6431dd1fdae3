import { expect, test } from "vitest";
import { gather } from "./gather.ts";

/** Answers by hand: `answer()` answers what is under way. */
function asker() {
  const asked: (readonly number[])[] = [];
  let underWay = Promise.withResolvers<readonly string[]>();
  const one = gather((questions: readonly number[]) => {
    asked.push(questions);
    underWay = Promise.withResolvers();
    return underWay.promise;
  }, 3);
  const answer = (): void => underWay.resolve(asked.at(-1)!.map(String));
  return { one, asked, answer, fail: (error: Error) => underWay.reject(error) };
}

test("the first question is asked at once, those that come meanwhile together, a limited number at a time", async () => {
  const { one, asked, answer } = asker();
  const answers = [1, 2, 3, 4, 5].map((question) => one(question));
  expect(asked).toEqual([[1]]);
  answer();
  expect(await answers[0]).toBe("1");
  expect(asked).toEqual([[1], [2, 3, 4]]);
  answer();
  expect(await Promise.all(answers.slice(1, 4))).toEqual(["2", "3", "4"]);
  expect(asked).toEqual([[1], [2, 3, 4], [5]]);
  answer();
  expect(await answers[4]).toBe("5");
});

test("an ask that fails fails its own questions and no others", async () => {
  const { one, asked, answer, fail } = asker();
  const answers = [1, 2, 3].map((question) => one(question).catch(String));
  fail(new Error("out of reach"));
  expect(await answers[0]).toBe("Error: out of reach");
  answer();
  expect(await Promise.all(answers)).toEqual(["Error: out of reach", "2", "3"]);
  const later = one(4);
  expect(asked.at(-1)).toEqual([4]);
  answer();
  expect(await later).toBe("4");
});
