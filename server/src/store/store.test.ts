import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SuiteClock, storeSuite } from '../../testing/store-suite.ts'
import { openMemoryStores, openStore } from './open.ts'

storeSuite('a SQLite file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'benchkey-store-'))
  return {
    handle: (effects) => openStore({ directory, dataDir: directory, uid: process.getuid?.() ?? 0, effects }),
    close: () => rm(directory, { recursive: true }),
  }
})

storeSuite('SQLite in memory', async () => {
  const stores = await openMemoryStores(new SuiteClock().effects)
  return { handle: async (effects) => stores.handle(effects), close: () => stores.close() }
})
