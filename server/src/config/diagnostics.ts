import type { Diagnostic } from './configuration.ts'

/** Where in its file a finding stands. */
export interface Place {
  /** From 1; 0 when the finding is about the whole file. */
  readonly line: number
  readonly section?: string
  readonly option?: string
}

/** More findings than this in one file help nobody; the rest is counted. */
const MOST_FINDINGS_PER_FILE = 10_000

/** Collects the findings of one file. */
export class Findings {
  readonly #file: string
  readonly #list: Diagnostic[] = []
  #leftOut = 0

  constructor(file: string) {
    this.#file = file
  }

  /** Whether further findings are only counted, so that their messages need not be made. */
  get isFull(): boolean {
    return this.#list.length >= MOST_FINDINGS_PER_FILE
  }

  error(place: Place, message: string): void {
    this.#add({ severity: 'error', file: this.#file, ...place, message })
  }

  warning(place: Place, message: string): void {
    this.#add({ severity: 'warning', file: this.#file, ...place, message })
  }

  /** In the order of the file, errors before warnings on one line. */
  inOrder(): readonly Diagnostic[] {
    const sorted = this.#list.toSorted((a, b) => a.line - b.line || a.severity.localeCompare(b.severity))
    if (this.#leftOut === 0) return sorted
    const message = `There are ${this.#leftOut} more findings in this file; they are shown once these are solved.`
    return [...sorted, { severity: 'error', file: this.#file, line: 0, message }]
  }

  #add(finding: Diagnostic): void {
    if (this.isFull) this.#leftOut += 1
    else this.#list.push(finding)
  }
}

/** `file:line: [section] option: message`; a finding about a whole file points at line 1. Control characters are escaped. */
export function formatDiagnostic(finding: Diagnostic): string {
  const section = finding.section === undefined ? '' : `[${finding.section}] `
  const option = finding.option === undefined ? '' : `${finding.option}: `
  const text = `${finding.file}:${Math.max(1, finding.line)}: ${section}${option}${finding.message}`
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
