/** Work that costs processes or descriptors: whoever asks for the same while it is under way is given what comes of it. */
export class AtOnce<Result> {
  readonly #underWay = new Map<string, Promise<Result>>()

  /** `key`: what is the same. */
  do(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#underWay.get(key)
    if (before) return before
    const doing = work().finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, doing)
    return doing
  }
}
