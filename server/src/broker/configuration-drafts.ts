import type { SectionChange } from '../config/section-changes.ts'
import type { Effects } from '../domain/effects.ts'
import type { Store } from '../store/store.ts'
import { badRequest } from './bad-request.ts'
import type { Editor } from './broker-of-configuration.ts'
import { newSecret } from './random-values.ts'

/** What one administrator has changed and not deployed. */
export interface Draft {
  /** Absent: there is none. */
  readonly revision?: number
  /** Nobody but the server knows it, so that nobody computes what the token of a review would be for another file. */
  readonly salt?: string
  /** When it was changed last, in ms since 1970 by the database's clock; absent in drafts of before. */
  readonly changedAt?: number
  /** The newest version when it was begun. */
  readonly startedAt: number
  /** The version whose bytes it goes back to; absent: it changes the file of now. */
  readonly rollbackTo?: number
  readonly changes: readonly SectionChange[]
}

/** Of two changes of one administrator in two windows one is done again; more of them in a row have another cause. */
const MOST_TRIES = 5

/** Of a draft as JSON; each page that is opened reads all of it. */
const MOST_CHARACTERS = 1024 * 1024

/** Drafts by administrator, kept in the database: they outlive logins and servers. */
export class Drafts {
  readonly #store: Store
  readonly #effects: Pick<Effects, 'randomBytes'>

  constructor(store: Store, effects: Pick<Effects, 'randomBytes'>) {
    this.#store = store
    this.#effects = effects
  }

  async load({ id }: Pick<Editor, 'id'>): Promise<Draft> {
    const stored = await this.#store.configuration.draft(id)
    if (stored) return { ...(JSON.parse(stored.text) as Omit<Draft, 'revision'>), revision: stored.revision }
    const newest = await this.#store.configuration.newest()
    return { startedAt: newest?.number ?? 0, changes: [] }
  }

  /** Changes it, again on what another window of the same administrator made of it meanwhile. */
  async change(editor: Editor, how: (draft: Draft) => Draft | Promise<Draft>): Promise<Draft> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const draft = await this.load(editor)
      const wanted = await how(draft)
      if (wanted === draft) return draft
      if (wanted.changes.length === 0 && wanted.rollbackTo === undefined) {
        if (draft.revision === undefined || (await this.#store.configuration.removeDraft(editor.id, draft.revision)))
          return wanted
        continue
      }
      const { revision: _revision, ...text } = wanted
      const json = JSON.stringify({ ...text, changedAt: this.#store.now().getTime(), salt: newSecret(this.#effects) })
      if (json.length > MOST_CHARACTERS)
        throw badRequest('These are too many changes at once. Deploy or undo some of them first.')
      if (await this.#store.configuration.saveDraft(editor.id, draft.revision, json)) return await this.load(editor)
    }
    throw badRequest('Another window of yours changes the same things; look at it, then try again.')
  }

  async forget(editor: Editor, { revision }: Draft): Promise<void> {
    if (revision !== undefined) await this.#store.configuration.removeDraft(editor.id, revision)
  }
}

/** The change that makes a section of this header, or removes it. */
export function findChange(draft: Draft, section: string): SectionChange | undefined {
  return draft.changes.find((change) => (change.isRemoved ? change.of === section : change.section === section))
}

/** The draft with a change put in the place of another, or without it. */
export function withChange(draft: Draft, old: SectionChange | undefined, fresh: SectionChange | undefined): Draft {
  const at = old ? draft.changes.indexOf(old) : -1
  if (at === -1) return fresh ? { ...draft, changes: [...draft.changes, fresh] } : draft
  return { ...draft, changes: fresh ? draft.changes.with(at, fresh) : draft.changes.toSpliced(at, 1) }
}
