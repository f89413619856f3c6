/** One check of style.md's rules over a checkout. */
export interface Check {
  /** As it reads in "check NAME finds nothing". */
  readonly name: string
  /** What is wrong, one line each; empty when all is well. */
  run(root: string): Promise<readonly string[]>
}
