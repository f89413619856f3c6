import type { PageConfiguration, PageSectionEdit } from '@benchkey/sdk/configuration-pages'
import { useIsMutating, useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { tookOver } from '../../../configuration-api.ts'
import { queryClient } from '../../../queries.ts'
import { ownedBy, unsavedOf, withSaved } from '../../../section-edits.ts'
import type { SectionFormModel } from './use-section-form.ts'

/** Typing rests so long before it is kept as a draft, in milliseconds. */
const REST_MS = 1000

const NOTHING = JSON.stringify({})

/** Saves of a form go one after the other, in the order they were asked for; nothing is kept by itself during another one. */
export const SAVING = { mutationKey: ['section-form'], scope: { id: 'section-form' } } as const

/** What is kept of a form while one types. */
export interface Autosave {
  /** Something is typed that no draft holds. */
  readonly isUnsaved: boolean
  /** Why the last try kept nothing. */
  readonly error: unknown
}

/**
 * Keeps what is typed as a draft shortly after typing stops. A new header and what is removed without a way to type it again wait for the
 * button: a draft keeps them only when they are meant. The form keeps what was typed, so that a secret goes with every save and counts
 * for the addresses of that moment. `save` keeps an edit on the server; nothing is kept while `isOn` is false.
 */
export function useAutosave(
  form: SectionFormModel,
  save: (edit: PageSectionEdit) => Promise<PageConfiguration>,
  isOn = true,
): Autosave {
  const { baseline, edit, state, isReadOnly, options } = form
  const unsaved = unsavedOf(baseline, edit, state.saved)
  const { mutate, error } = useMutation({
    ...SAVING,
    mutationFn: async (kept: PageSectionEdit) => {
      const configuration = await save(kept)
      form.setState((before) => ({ ...before, saved: withSaved(before.saved, kept) }))
      await tookOver(configuration)
    },
  })
  const isSaving = useIsMutating(SAVING) > 0
  const typed = JSON.stringify(state.typed)
  // What was refused once is not sent again before something else is typed, or the button is pressed.
  const tried = useRef(NOTHING)
  const keep = (): void => {
    if (queryClient.isMutating(SAVING) > 0) return
    tried.current = typed
    const own = ownedBy({ ...edit, section: baseline?.section ?? edit.section }, options)
    if (own.section !== '' && Object.keys(unsavedOf(baseline, own, state.saved).options).length > 0)
      mutate({ ...own, isAutomatic: true })
  }
  const latest = useRef(keep)
  useEffect(() => {
    latest.current = keep
  })
  useEffect(() => {
    if (typed === NOTHING) tried.current = NOTHING
    if (!isOn || isReadOnly || isSaving || typed === tried.current) return
    const timer = window.setTimeout(() => latest.current(), REST_MS)
    return () => window.clearTimeout(timer)
  }, [typed, isOn, isReadOnly, isSaving])
  const isUnsaved = Object.keys(unsaved.options).length > 0 || unsaved.section !== (baseline?.section ?? '')
  return { isUnsaved, error: isUnsaved ? error : null }
}
