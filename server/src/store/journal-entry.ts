import type { Cipher, Place } from './encryption.ts'
import { entriesIn, type FoundEntry, offsetOf, SLOT_BYTES, stateWord } from './journal-slots.ts'
import { StoreError } from './store.ts'
import type { EntryState, JournalEntry, JournalHandle } from './store-of-results.ts'
import { factsOf, type ResultFacts, resultOf, type TokenResult, textOf } from './token-results.ts'

/** An open journal with its slots. */
export interface JournalFile {
  readonly handle: JournalHandle
  /** Numbers of slots that nothing is in and nobody has reserved. */
  readonly free: number[]
  /** What of it waits or is kept. */
  readonly open: Set<FileEntry>
  /** Called when nothing of it waits or is kept any more. */
  readonly emptied: () => Promise<void>
}

/** One result in a journal. */
export class FileEntry implements JournalEntry {
  readonly facts: ResultFacts
  isBusy = false
  epoch: string | undefined
  readonly #file: JournalFile
  readonly #slots: readonly number[]
  readonly #cipher: Cipher
  #state: EntryState

  constructor(file: JournalFile, { slots, state, text }: Omit<FoundEntry, 'id'>, cipher: Cipher) {
    this.facts = factsIn(text)
    this.#file = file
    this.#slots = slots
    this.#cipher = cipher
    this.#state = state
    file.open.add(this)
  }

  get state(): EntryState {
    return this.#state
  }

  async read(): Promise<TokenResult> {
    const slots = await Promise.all(this.#slots.map((slot) => this.#file.handle.read(offsetOf(slot), SLOT_BYTES)))
    const [entry] = entriesIn(Buffer.concat([Buffer.alloc(SLOT_BYTES), ...slots])).entries
    if (!entry) throw new StoreError('unreadable', 'An entry of the journal is damaged.')
    return openedResult(this.#cipher, entry.text)
  }

  async keep(): Promise<void> {
    const [first] = this.#slots
    if (!this.#file.open.has(this) || first === undefined) return
    this.#state = 'kept'
    await this.#file.handle.mark(offsetOf(first), stateWord('kept'))
  }

  async free(): Promise<void> {
    if (!this.#file.open.delete(this)) return
    for (const slot of this.#slots) {
      await this.#file.handle.mark(offsetOf(slot), Buffer.alloc(SLOT_BYTES))
      this.#file.free.push(slot)
    }
    if (this.#file.open.size === 0) await this.#file.emptied()
  }
}

/** Facts in the open, on the first line; then the ciphertext, which is bound to them. */
export function sealedText(cipher: Cipher, result: TokenResult): string {
  const facts = factsOf(result)
  return `${JSON.stringify(facts)}\n${cipher.seal(textOf(result), placeOf(facts))}`
}

/** Throws StoreError `unreadable` when the ciphertext does not belong to its facts, or to no key at hand. */
export function openedResult(cipher: Cipher, text: string): TokenResult {
  const facts = factsIn(text)
  return resultOf(facts, cipher.open(text.slice(text.indexOf('\n') + 1), placeOf(facts)))
}

/** Whose frame is whole was written by Benchkey; that its facts are true is known once the ciphertext opens. */
function factsIn(text: string): ResultFacts {
  try {
    return JSON.parse(text.slice(0, text.indexOf('\n'))) as ResultFacts
  } catch (error) {
    throw new StoreError('unreadable', 'An entry of the journal is not one of Benchkey.', error)
  }
}

function placeOf({ kind, tokenId, generation, attempt, userId, integrationId, sentAtMs }: ResultFacts): Place {
  const column = JSON.stringify([kind, attempt, sentAtMs])
  return { table: 'journal', column, userId, integrationId, rowId: tokenId, generation }
}
