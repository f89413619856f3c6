import { hash } from 'node:crypto'
import type { Icon } from '../domain/integration.ts'
import { readOwnFile } from './files.ts'
import type { Parsed } from './option-table.ts'

/** A tile is 32 px wide; a picture for it has a few KiB. */
const MOST_ICON_BYTES = 64 * 1024
/** Hexadecimal digits in the address of an icon, so that browsers ask again when it changes. */
const VERSION_DIGITS = 16

/** What an SVG may hold no more than a picture does: no program, no document type (with entities), nothing from elsewhere. */
const FORBIDDEN_IN_SVG =
  /<script|<!doctype|<!entity|<foreignobject|\son[a-z]+\s*=|javascript:|(href|src)\s*=\s*["']?\s*(https?:)?\/\//i

/** The picture in a file: PNG, WebP or SVG by its content, whatever its name. Others may read the file, not change it. */
export async function readIcon(path: string, uid: number): Promise<Parsed<Icon>> {
  const { bytes, problems } = await readOwnFile(path, 'unwritable', uid)
  const [problem] = problems
  if (problem !== undefined) return { problem: `names a file that ${problem}` }
  if (!bytes || bytes.length > MOST_ICON_BYTES)
    return { problem: 'names a file that is larger than 64 KiB; make the picture smaller.' }
  const mediaType = mediaTypeOf(bytes)
  if (!mediaType) return { problem: 'names a file that is no PNG, WebP or SVG picture.' }
  if (mediaType === 'image/svg+xml' && FORBIDDEN_IN_SVG.test(bytes.toString('utf8')))
    return {
      problem: 'names an SVG that holds a script, a document type or something from elsewhere; save it as a plain picture.',
    }
  return {
    value: { mediaType, base64: bytes.toString('base64'), version: hash('sha256', bytes, 'hex').slice(0, VERSION_DIGITS) },
  }
}

function mediaTypeOf(bytes: Buffer): Icon['mediaType'] | undefined {
  if (bytes.subarray(0, 8).equals(PNG)) return 'image/png'
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'image/webp'
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text).equals(bytes) && !text.includes('\0')
  return isText && /^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->)[\s\S])*-->\s*)*<svg[\s>]/.test(text)
    ? 'image/svg+xml'
    : undefined
}

/** PNG specification §5.2. */
const PNG = Buffer.from('89504e470d0a1a0a', 'hex')
