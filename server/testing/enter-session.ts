import type { PageSessionTicket } from '@benchkey/sdk/pages'
import type { PlainBrowser } from './signed-in.ts'
import { type RawReply, type ServerFiles, send } from './start-server.ts'

/** A browser that has the pages of a session open. */
export interface EnteredSession {
  readonly origin: string
  /** The cookie that lets it in. */
  readonly cookie: string
  /** What `/enter` answered. */
  readonly reply: RawReply
  /** A page of the session, by its path there. */
  ask(path?: string): Promise<RawReply>
}

/** Asks the page API for a ticket and sends it as the home page does. */
export async function enterSession(files: ServerFiles, browser: PlainBrowser, sessionId: string): Promise<EnteredSession> {
  const opened = await browser.ask(`/api/sessions/${sessionId}/open`, {})
  if (opened.status !== 200) throw new Error(`The ticket was answered ${opened.status}: ${opened.body}`)
  const { url, ticket } = JSON.parse(opened.body) as PageSessionTicket
  const { origin, port } = new URL(url)
  const there: ServerFiles = { ...files, publicUrl: origin, port: Number(port) }
  const reply = await send(there, url, {
    method: 'POST',
    headers: { origin: files.publicUrl, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ session: sessionId, ticket }).toString(),
  })
  const cookie = [reply.headers['set-cookie'] ?? []].flat().join().split(';')[0] ?? ''
  const ask = (path = ''): Promise<RawReply> =>
    send(there, `${origin}/s/${sessionId}/${path}`, { headers: { cookie, accept: 'text/html' } })
  return { origin, cookie, reply, ask }
}
