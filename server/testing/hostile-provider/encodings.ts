import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { endless, reply } from '../behaviours.ts'
import { lost, type NamedBehaviour, notAToken, onlyRefreshToken, UNDERSTOOD } from './named-behaviour.ts'
import { type Members, shaped } from './shapes.ts'

const MIB = 1024 * 1024
const TOO_MUCH = 'answered more than 256 KiB'

const bytes = (members: Members): Buffer => Buffer.from(JSON.stringify(members))

function encoded(coding: string, write: (plain: Buffer) => Uint8Array): NamedBehaviour['play'] {
  return shaped((members) => write(bytes(members)), { headers: { 'content-encoding': coding } })
}

const ZEROS = Buffer.alloc(32 * MIB)
const BROTLI_FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }

/** Small on the wire, 32 MiB when it is open: made once, when the first test plays it. */
function bomb(coding: string, make: () => Uint8Array): NamedBehaviour {
  let made: Uint8Array | undefined
  return {
    name: `a bomb in ${coding}`,
    play: (exchange) => {
      made ??= make()
      return reply(made, { headers: { 'content-encoding': coding } })(exchange)
    },
    expected: notAToken(TOO_MUCH),
  }
}

/** What nobody asked for: the request says `identity`. */
export const ENCODINGS: readonly NamedBehaviour[] = [
  { name: 'gzip', play: encoded('gzip', gzipSync), expected: UNDERSTOOD },
  { name: 'brotli', play: encoded('br', brotliCompressSync), expected: UNDERSTOOD },
  { name: 'deflate', play: encoded('deflate', deflateSync), expected: UNDERSTOOD },
  { name: 'deflate without its header', play: encoded('deflate', deflateRawSync), expected: UNDERSTOOD },
  { name: 'gzip within brotli', play: encoded('gzip, br', (b) => brotliCompressSync(gzipSync(b))), expected: UNDERSTOOD },
  { name: 'gzip that is plain', play: encoded('gzip', (b) => b), expected: UNDERSTOOD },
  { name: 'brotli that is plain', play: encoded('br', (b) => b), expected: UNDERSTOOD },
  { name: 'an unknown encoding that is plain', play: encoded('x-none', (b) => b), expected: UNDERSTOOD },
  { name: 'gzip that is not told', play: shaped((m) => gzipSync(bytes(m))), expected: UNDERSTOOD },
  { name: 'gzip without its end', play: encoded('gzip', (b) => gzipSync(b).subarray(0, -9)), expected: UNDERSTOOD },
  {
    name: 'zstd',
    play: encoded('zstd', zstdCompressSync),
    expected: unreadable('answered in an unknown encoding'),
  },
  {
    name: 'gzip of noise',
    play: encoded('gzip', () => Buffer.from('1f8b0800000000000003ffffffffffff', 'hex')),
    expected: unreadable('answered with data that cannot be decoded'),
  },
  {
    name: 'five encodings',
    play: encoded('gzip, gzip, gzip, gzip, gzip', (b) => gzipSync(gzipSync(gzipSync(gzipSync(gzipSync(b)))))),
    expected: unreadable('answered in an unknown encoding'),
  },
  bomb('gzip', () => gzipSync(ZEROS)),
  bomb('gzip, gzip', () => gzipSync(gzipSync(ZEROS))),
  bomb('deflate', () => deflateSync(ZEROS)),
  bomb('br', () => brotliCompressSync(ZEROS, BROTLI_FAST)),
  { name: 'a body without end', play: endless(Buffer.alloc(16 * 1024, 'a')), expected: notAToken(TOO_MUCH) },
  {
    name: 'a body of 1 GiB, told before',
    play: endless(Buffer.alloc(16 * 1024, 'a'), { 'content-length': String(1024 * MIB) }),
    expected: notAToken(TOO_MUCH),
  },
  {
    name: 'tokens, then a body without end',
    play: shaped((members) => Buffer.concat([bytes(members).subarray(0, -1), Buffer.alloc(MIB, ',"x":1')])),
    expected: onlyRefreshToken(TOO_MUCH),
  },
]

function unreadable(words: string): NamedBehaviour['expected'] {
  const { exchange } = lost(words)
  return { exchange, refresh: { class: 'reauthentication_required', lost: true, requests: 2 }, revoke: { kind: 'done' } }
}
