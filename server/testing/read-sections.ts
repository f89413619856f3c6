import { type OauthClients, readOauthClients } from '../src/config/oauth-clients.ts'

/** Where the file is said to lie. */
export const OAUTH_CLIENTS_FILE = '/etc/benchkey/oauth-clients.conf'

/** What an `oauth-clients.conf` of this text says, on 26 November 2026, where no other file can be read. */
export async function readSections(text: string): Promise<OauthClients> {
  const unread = async (): Promise<{ problem: string }> => ({ problem: 'cannot be read.' })
  return await readOauthClients({
    ...{ file: OAUTH_CLIENTS_FILE, bytes: Buffer.from(text), now: new Date('2026-11-26T12:00:00Z') },
    ...{ readSecret: unread, readIcon: unread, readAuthorities: unread },
    context: { configDir: '/etc/benchkey', allowsLoopback: false },
  })
}
