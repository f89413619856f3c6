import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { realEffects } from '../effects.ts'
import { databasePath } from './database-file.ts'
import { openStore } from './open.ts'

/** A session may ask for it again and again, and SQLite answers in the thread that serves everybody. */
test('how the sign-ins of one user failed is found without reading what else the audit holds', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'benchkey-audit-'))
  const store = await openStore({ directory, dataDir: directory, uid: process.getuid?.() ?? 0, effects: realEffects() })
  const database = new DatabaseSync(databasePath(directory), { readOnly: true })
  const plan = database
    .prepare('EXPLAIN QUERY PLAN SELECT * FROM audit WHERE user_name = ? AND action = ? ORDER BY id DESC LIMIT 20')
    .all('ann', 'sign_in.failed')
  expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('(user_name=? AND action=?)')])
  database.close()
  await store.close()
  rmSync(directory, { recursive: true })
})
