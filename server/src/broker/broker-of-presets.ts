import type { Preset } from '../domain/preset.ts'

/** The known providers. */
export interface Presets {
  /** By name. */
  list(): readonly Preset[]
}
