import { BODIES, MEMBERS } from './bodies.ts'
import { CONNECTIONS, LOST_ANSWERS } from './connections.ts'
import { DOORS } from './doors.ts'
import { ENCODINGS } from './encodings.ts'
import type { NamedBehaviour } from './named-behaviour.ts'
import { HOSTILE_WORDS, REFUSALS } from './refusals.ts'
import { PAGES, PAUSES, STATUSES } from './statuses.ts'

/** Every way of the hostile provider, by kind. */
export const HOSTILE_BEHAVIOURS: Readonly<Record<string, readonly NamedBehaviour[]>> = {
  'the usual and its connection': CONNECTIONS,
  'an answer that is lost': LOST_ANSWERS,
  'a status': STATUSES,
  'a pause asked for': PAUSES,
  'something in front': PAGES,
  'a body': BODIES,
  'a member': MEMBERS,
  'a refusal': REFUSALS,
  'words of its own': HOSTILE_WORDS,
  'an encoding': ENCODINGS,
  'a door': DOORS,
}
