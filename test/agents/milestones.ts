/** Promises of conditions over changing state, re-examined by `check()` whenever the state has changed. */
export class Milestones {
  private waiting: { readonly reached: () => boolean; readonly resolve: () => void }[] = [];

  reach(reached: () => boolean): Promise<void> {
    if (reached()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ reached, resolve }));
  }

  check(): void {
    const due = this.waiting.filter(({ reached }) => reached());
    this.waiting = this.waiting.filter((one) => !due.includes(one));
    for (const { resolve } of due) resolve();
  }
}
