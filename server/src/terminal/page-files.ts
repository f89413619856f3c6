import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
/** Stands in the built page where each answer gets a nonce of its own. */
const NONCE_MARK = /BENCHKEY_NONCE/g
const COMMON = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

/** Answers GET and HEAD with the built page and its files, which are read once; throws when they are not there. */
export function pageFiles(folder: string): (request: IncomingMessage, response: ServerResponse) => void {
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const assets = new Map(
    readdirSync(join(folder, 'assets')).map((name) => [`/assets/${name}`, readFileSync(join(folder, 'assets', name))]),
  )
  return (request, response) => {
    const isGet = request.method === 'GET' || request.method === 'HEAD'
    const [path = ''] = (request.url ?? '').split('?')
    const asset = assets.get(path)
    if (!isGet || !(path === '/' || asset)) {
      response.writeHead(isGet ? 404 : 405, { ...COMMON, 'Content-Type': 'text/plain; charset=utf-8' })
      response.end('A terminal has one page, at the address of its session.\n')
    } else if (asset) {
      const type = TYPES[extname(path)] ?? 'application/octet-stream'
      // Their names hold a hash of what is in them.
      response.writeHead(200, { ...COMMON, 'Content-Type': type, 'Cache-Control': 'private, max-age=31536000, immutable' })
      response.end(asset)
    } else {
      const nonce = randomBytes(16).toString('base64url')
      response.writeHead(200, {
        ...COMMON,
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': policyWith(nonce),
        'Cache-Control': 'no-store',
      })
      response.end(page.replace(NONCE_MARK, nonce))
    }
  }
}

/** The terminal on the page writes style sheets of its own for colours and widths: they carry the nonce. */
function policyWith(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
