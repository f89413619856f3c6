import { realEffects } from '../src/effects.ts'
import { createAuthorizationServers } from '../src/oauth/create.ts'
import { integrationOf } from './broker-room.ts'

/**
 * A process of its own, so that the provider's memory does not count: asks the token URL of its first argument twenty times to
 * get the heap to its working size, and as many times more as its second says, and prints outcomes and growth of memory (bytes) as JSON.
 */
const WARM_UP = 20
const [tokenUrl = '', times = '0'] = process.argv.slice(2)
const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true })
const integration = integrationOf({ section: 'box', tokenUrl })
const ask = () => servers.refresh(integration, { refreshToken: 'rt', mayLeave: () => true })

for (let i = 0; i < WARM_UP; i += 1) await ask()
const before = process.memoryUsage.rss()
const outcomes: string[] = []
for (let i = 0; i < Number(times); i += 1) {
  const outcome = await ask()
  outcomes.push(outcome.kind === 'success' ? outcome.kind : outcome.words)
}
process.stdout.write(JSON.stringify({ outcomes: [...new Set(outcomes)], growth: process.memoryUsage.rss() - before }))
