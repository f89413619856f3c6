import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Effects } from './domain/effects.ts'

/** The real world: this process's clocks, timers and random bytes. */
export function realEffects(): Effects {
  return {
    now: () => new Date(),
    monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    sleep: async (ms, signal) => {
      await setTimeout(ms, undefined, signal ? { signal } : {})
    },
    randomBytes: (size) => randomBytes(size),
  }
}
