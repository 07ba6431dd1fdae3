/** Holds back what was recorded until it is known whether it is kept. What is never kept is never sent. */
export class Keeping {
  #ends: (() => void)[] | undefined = [];

  keep(): void {
    const ends = this.#ends ?? [];
    this.#ends = undefined;
    for (const end of ends) end();
  }

  whenKept(end: () => void): void {
    if (this.#ends === undefined) end();
    else this.#ends.push(end);
  }
}
