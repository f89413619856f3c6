import { askAdmin, type RawReply, type ServerFiles, send } from './start-server.ts'

/** The password of people whom tests add. */
const TEST_PASSWORD = 'a long enough password'

/** The answer of a page's call, parsed. */
export interface PageAnswer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect
  readonly body: any
  readonly text: string
}

/** Calls of one person's pages, logged in. */
export interface PersonsPages {
  readonly cookie: string
  call(method: string, path: string, body?: unknown): Promise<PageAnswer>
  get(path: string): Promise<PageAnswer>
  post(path: string, body?: unknown): Promise<PageAnswer>
  put(path: string, body: unknown): Promise<PageAnswer>
}

/** Adds somebody to a running server, and logs them in; administrators get what is below `/admin`. */
export async function addAndLogIn(files: ServerFiles, name: string, options: { isAdmin: boolean }): Promise<PersonsPages> {
  await askAdmin(files, 'POST', '/users', { name, password: TEST_PASSWORD, ...options })
  return await logIn(files, name)
}

/** Logs somebody in again. */
export async function logIn(files: ServerFiles, name: string): Promise<PersonsPages> {
  const reply = await sendFromPage(files, '', 'POST', '/api/login', { userName: name, password: TEST_PASSWORD })
  const [cookie = ''] = ([reply.headers['set-cookie']].flat()[0] ?? '').split(';')
  if (cookie === '') throw new Error(`no log-in: ${reply.status} ${reply.body}`)
  const call = async (method: string, path: string, body?: unknown): Promise<PageAnswer> => {
    const { status, body: text } = await sendFromPage(files, cookie, method, path, body)
    return { status, text, body: text === '' ? undefined : JSON.parse(text) }
  }
  return {
    cookie,
    call,
    get: (path) => call('GET', path),
    post: (path, body = {}) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
  }
}

function sendFromPage(files: ServerFiles, cookie: string, method: string, path: string, body?: unknown): Promise<RawReply> {
  const headers = {
    'sec-fetch-site': 'same-origin',
    'x-benchkey-request': '1',
    'content-type': 'application/json',
    ...(cookie === '' ? {} : { cookie }),
  }
  return send(files, path, { method, headers, ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }) })
}
