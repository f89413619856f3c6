import { describe, expect, it } from 'vitest'
import { runHistory } from '../testing/simulator/history.ts'
import type { Verdict } from '../testing/simulator/verdict.ts'

const HISTORIES = 1_000

/**
 * Two nodes on one database, callers on both, kills at any point between two effects, refused connections, 503s, replies that
 * never arrive, and times at which the database takes nothing. The provider's ledger is the judge: no two live requests at once, no refresh token used again outside
 * the integration's rule, no token served after its end, and every loss is one nobody can prevent, and is labelled; nothing of a
 * grant is served after its sign-out, and its newest refresh token waits to be revoked.
 */
describe('the refresh engine in simulated histories', () => {
  it(`keeps its promises in ${HISTORIES} seeded histories`, async () => {
    const verdicts: Verdict[] = []
    for (let seed = 0; seed < HISTORIES; seed += 1) verdicts.push(await runHistory(seed))
    const bad = verdicts.filter(({ complaints }) => complaints.length > 0)
    expect(bad.map(({ seed, kind, complaints }) => `seed ${seed} (${kind}): ${complaints.join('; ')}`)).toEqual([])
    // The histories did put the engine to the test.
    const sum = (pick: (verdict: Verdict) => number): number => verdicts.reduce((total, verdict) => total + pick(verdict), 0)
    expect(sum(({ requests }) => requests)).toBeGreaterThan(3 * HISTORIES)
    expect(sum(({ kills }) => kills)).toBeGreaterThan(HISTORIES)
    expect(sum(({ labelledLosses }) => labelledLosses)).toBeGreaterThan(0)
    expect(sum(({ late }) => late)).toBeGreaterThan(0)
    expect(verdicts.filter(({ trace }) => trace.includes('signed out')).length).toBeGreaterThan(HISTORIES / 5)
  }, 600_000)

  it('gives the same history for the same seed', async () => {
    const [first, second] = [await runHistory(13), await runHistory(13)]
    expect(second.trace).toBe(first.trace)
  })
})
