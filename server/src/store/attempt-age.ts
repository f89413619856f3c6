import { sql } from 'kysely'

/** What the age of a sign-in attempt counts from. One under way lives as long again: its code takes 2 minutes, its save 2 more. */
export const lastStep = sql<number>`coalesce(taken_at, started_at)`
