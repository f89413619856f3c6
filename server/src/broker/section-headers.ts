import type { editProblems } from '../config/section-edits.ts'
import { printable } from '../domain/states.ts'
import type { SectionFormEdit } from './broker-of-configuration.ts'
import type { Plan } from './configuration-plan.ts'

/** Another section has the header that was typed. `was`: the header of the section until now. */
export function takenHeader({ section }: SectionFormEdit, was: string | undefined, plan: Plan): ReturnType<typeof editProblems> {
  if (section === was || !plan.after.has(section)) return []
  return [{ message: `There is a section [${printable(section)}] already; choose another header.` }]
}

/** Stands for the header of a new section while the typed one cannot be taken. */
export function freeHeader({ after }: Plan): string {
  let header = 'new'
  while (after.has(header)) header += '-section'
  return header
}
