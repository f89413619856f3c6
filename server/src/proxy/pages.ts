import { hash } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** A page of the proxy's own: a heading, sentences, and the way home. */
export interface Page {
  readonly status: number
  readonly title: string
  readonly text: string
  /** Seconds after which the browser asks again by itself. */
  readonly again?: number
  /** Further headers. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

const STYLE = `:root{color-scheme:light dark;--page:#f7f7f5;--panel:#fff;--line:#dededa;--text:#1b1e22;--muted:#5b6168;--accent:#0b6478}
@media (prefers-color-scheme:dark){:root{--page:#111416;--panel:#181c1f;--line:#2c3237;--text:#e8eaec;--muted:#a0a8af;--accent:#5cc2d6}}
body{margin:0;background:var(--page);color:var(--text);font:14px/20px system-ui,sans-serif}
main{box-sizing:border-box;max-width:520px;margin:15vh auto 0;padding:24px;background:var(--panel);border:1px solid var(--line);border-radius:8px}
h1{margin:0 0 8px;font-size:20px;line-height:28px;font-weight:600;overflow-wrap:anywhere}
p{margin:0 0 16px;color:var(--muted);overflow-wrap:anywhere}
a{color:var(--accent);font-weight:600}
a:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
p:last-child{margin:0}
@media (max-width:560px){main{margin:16px}}`

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What every answer of the proxy's own carries. */
export const OWN_HEADERS = [
  ['Content-Security-Policy', POLICY],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
] as const

/** Instead of the pages' own, for an answer that is no document. */
export const REFUSAL_POLICY = ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"] as const

/** Answers with a page, or with its text alone where no page was asked for. The connection ends where a body is not read. */
export function answerPage(response: ServerResponse, page: Page, publicUrl: string): void {
  const { req: request } = response
  const isForPeople = request.headers['sec-fetch-dest'] !== 'empty' && /text\/html/.test(request.headers.accept ?? '')
  const body = isForPeople ? htmlOf(page, publicUrl) : `${page.text} ${HOME_IN_WORDS} ${publicUrl}/\n`
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  response.writeHead(
    page.status,
    [
      ...OWN_HEADERS,
      ['Content-Type', `text/${isForPeople ? 'html' : 'plain'}; charset=utf-8`],
      ['Content-Length', String(Buffer.byteLength(body))],
      ...(page.again === undefined ? [] : [['Retry-After', String(page.again)] as const]),
      ...(page.again === undefined || !isForPeople ? [] : [['Refresh', String(page.again)] as const]),
      ...(page.headers ?? []),
      ...(hasBody ? [['Connection', 'close'] as const] : []),
    ].flat(),
  )
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** The same for a request that asked for another protocol: its socket is ours, and ends. */
export function pageOnSocket(page: Page, publicUrl: string, reason = 'Refused'): string {
  const body = `${page.text} ${HOME_IN_WORDS} ${publicUrl}/\n`
  const headers = [...OWN_HEADERS, ['Content-Type', 'text/plain; charset=utf-8'], ['Connection', 'close']]
  const lines = [`HTTP/1.1 ${page.status} ${reason}`, ...headers.map((pair) => pair.join(': '))]
  return `${lines.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const HOME_IN_WORDS = 'The home page:'

function htmlOf({ title, text }: Page, publicUrl: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head><body><main><h1>${escaped(title)}</h1><p>${escaped(text)}</p><p><a href="${escaped(publicUrl)}/">Home page</a></p></main></body></html>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
