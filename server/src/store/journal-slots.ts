import { createHash } from 'node:crypto'
import type { LeaseHolder } from './store-of-nodes.ts'
import type { EntryState } from './store-of-results.ts'

/** A journal is a header and slots, all of this size: what one write of a disk takes. */
export const SLOT_BYTES = 4096

/** What of a slot an entry fills. */
const FRAME_BYTES = 48
const PAYLOAD_BYTES = SLOT_BYTES - FRAME_BYTES
const CHECKED_FROM = 4
const CHECKSUM_AT = 32
const CHECKSUM_BYTES = 16
const FRAME_MAGIC = Buffer.from('BKJ1')
const HEADER_MAGIC = 'benchkey journal 1\n'

/** The first word of a slot. A free slot is zeros. */
const STATE_WORDS: Readonly<Record<EntryState, Buffer>> = { waiting: Buffer.from('WAIT'), kept: Buffer.from('KEPT') }

/** An entry as it was found in a file. */
export interface FoundEntry {
  readonly id: string
  readonly state: EntryState
  /** In the order of the text. */
  readonly slots: readonly number[]
  readonly text: string
}

/** The first block of a journal: whose it is. */
export function headerOf(holder: LeaseHolder): Buffer {
  const header = Buffer.alloc(SLOT_BYTES)
  header.write(HEADER_MAGIC + JSON.stringify(holder))
  return header
}

/** Who made the journal; undefined when the header is not whole. */
export function holderIn(header: Buffer): LeaseHolder | undefined {
  const text = header.toString('utf8').replace(/\0+$/, '')
  if (!text.startsWith(HEADER_MAGIC)) return undefined
  try {
    const { nodeId, incarnation, pid, startTime, bootId } = JSON.parse(text.slice(HEADER_MAGIC.length)) as LeaseHolder
    const isWhole = [nodeId, incarnation, startTime, bootId].every((part) => typeof part === 'string') && typeof pid === 'number'
    return isWhole ? { nodeId, incarnation, pid, startTime, bootId } : undefined
  } catch {
    return undefined // Cut off or damaged: its entries are still told by their own frames.
  }
}

/** The slots of an entry, in the order of the text. `id`: 16 bytes. */
export function framesOf(id: Uint8Array, text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'utf8')
  const count = Math.max(1, Math.ceil(bytes.length / PAYLOAD_BYTES))
  return Array.from({ length: count }, (_, index) => {
    const payload = bytes.subarray(index * PAYLOAD_BYTES, (index + 1) * PAYLOAD_BYTES)
    const slot = Buffer.alloc(SLOT_BYTES)
    STATE_WORDS.waiting.copy(slot, 0)
    FRAME_MAGIC.copy(slot, 4)
    slot.set(id, 8)
    slot.writeUInt16BE(index, 24)
    slot.writeUInt16BE(count, 26)
    slot.writeUInt32BE(payload.length, 28)
    payload.copy(slot, FRAME_BYTES)
    checksumOf(slot, payload.length).copy(slot, CHECKSUM_AT)
    return slot
  })
}

/** What stands at the begin of an entry's first slot. */
export function stateWord(state: EntryState): Buffer {
  return STATE_WORDS[state]
}

/** Where a slot begins. */
export function offsetOf(slot: number): number {
  return (slot + 1) * SLOT_BYTES
}

/** The whole entries of a journal, and how many are damaged: torn, changed, or with a slot missing. */
export function entriesIn(file: Buffer): { readonly entries: readonly FoundEntry[]; readonly damaged: number } {
  const parts = new Map<string, Part[]>()
  let damaged = 0
  for (let slot = 0; offsetOf(slot) < file.length; slot += 1) {
    const bytes = file.subarray(offsetOf(slot), offsetOf(slot + 1))
    if (bytes.subarray(0, FRAME_BYTES).every((byte) => byte === 0)) continue
    const part = partIn(bytes, slot)
    if (part) parts.set(part.id, [...(parts.get(part.id) ?? []), part])
    else damaged += 1
  }
  const entries: FoundEntry[] = []
  for (const [id, found] of parts) {
    const ordered = found.toSorted((a, b) => a.index - b.index)
    const isWhole = ordered.every((part, index) => part.index === index && part.count === ordered.length)
    const [first] = ordered
    if (!isWhole || !first) damaged += 1
    else {
      const text = Buffer.concat(ordered.map(({ payload }) => payload)).toString('utf8')
      entries.push({ id, state: first.state, slots: ordered.map(({ slot }) => slot), text })
    }
  }
  return { entries, damaged }
}

interface Part {
  readonly id: string
  readonly state: EntryState
  readonly index: number
  readonly count: number
  readonly slot: number
  readonly payload: Buffer
}

function partIn(bytes: Buffer, slot: number): Part | undefined {
  if (bytes.length < SLOT_BYTES || !bytes.subarray(4, 8).equals(FRAME_MAGIC)) return undefined
  const length = bytes.readUInt32BE(28)
  if (length > PAYLOAD_BYTES) return undefined
  if (!checksumOf(bytes, length).equals(bytes.subarray(CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES))) return undefined
  return {
    id: bytes.subarray(8, 24).toString('hex'),
    // A word that is neither is a damage of that word alone: to apply an entry once too often costs nothing.
    state: bytes.subarray(0, 4).equals(STATE_WORDS.kept) ? 'kept' : 'waiting',
    index: bytes.readUInt16BE(24),
    count: bytes.readUInt16BE(26),
    slot,
    payload: bytes.subarray(FRAME_BYTES, FRAME_BYTES + length),
  }
}

/** Of everything but the state, which changes alone. It finds torn writes; who may have changed what, the cipher's tag finds. */
function checksumOf(slot: Buffer, length: number): Buffer {
  return createHash('sha256')
    .update(slot.subarray(CHECKED_FROM, CHECKSUM_AT))
    .update(slot.subarray(FRAME_BYTES, FRAME_BYTES + length))
    .digest()
    .subarray(0, CHECKSUM_BYTES)
}
