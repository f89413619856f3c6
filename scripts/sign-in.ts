import { type ServerFiles, send } from '../server/testing/start-server.ts'
import { Trouble } from './trouble.ts'

/**
 * Logs a user in and signs them in to an integration over HTTP, as a browser would whose service asks nothing and accepts
 * any code (the scripted provider does). Throws Trouble when a step is refused.
 */
export async function signIn(
  files: Pick<ServerFiles, 'ca' | 'publicUrl'>,
  user: { readonly name: string; readonly password: string },
  uid: string,
): Promise<void> {
  const cookies = new Map<string, string>()
  const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<string> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const own = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', 'x-benchkey-request': '1' }
    const headers = { cookie, ...(body ? own : {}) }
    const reply = await send(files, path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    // The query of a callback holds a code: only the path is told.
    if (reply.status >= 400)
      throw new Trouble(`${method} ${path.split('?')[0]} answered ${reply.status}: ${reply.body.slice(0, 200)}`)
    for (const set of [reply.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = set.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return reply.body
  }
  await ask('POST', '/api/login', { userName: user.name, password: user.password })
  const { url } = JSON.parse(await ask('POST', `/api/integrations/${uid}/sign-in`, { returnTo: 'settings' }))
  const state = new URL(url).searchParams.get('state') ?? ''
  await ask('GET', `/oauth_redirect_callback?${new URLSearchParams({ code: 'any', state })}`)
}
