import type { ClientsFile } from '../config/clients-file.ts'
import { fileMark } from '../config/masked-text.ts'
import { sectionsOf } from '../config/section-changes.ts'
import type { ConfigurationVersion } from '../domain/configuration-version.ts'
import type { Effects } from '../domain/effects.ts'
import { type ServerNode, type Store, StoreError } from '../store/store.ts'
import type { NodeFiles } from '../store/store-of-configuration.ts'
import type { Administration } from './broker.ts'
import type { NodeAnswer, ReloadedEverywhere } from './broker-of-configuration.ts'
import type { Actor } from './broker-of-oversight.ts'
import { summaryOf } from './configuration-words.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import type { NodeIdentity } from './node-heart.ts'
import { Periodic } from './periodic.ts'
import type { ReplacedFiles } from './replaced-files.ts'

/** Other nodes hear of a reload within this time, in milliseconds. */
const LOOK_MS = 2_000
/** How long a reload of all nodes waits for their answers, and how often it looks. */
const ANSWERS_MS = 12_000
const ANSWERS_LOOK_MS = 250
/** Pages are told of answers that come within this time after a reload. */
const NEWS_MS = 30_000

const NOT_ASKED =
  'The database takes nothing at the moment, so other servers of it were not asked to reload. Where there are others, run this again when benchkey health is well.'

/** `number`: what the others were asked by. */
type Reloaded = Awaited<ReturnType<Administration['reload']>> & { readonly number?: number }

/** What the nodes of the configuration are made of. */
export interface ConfigurationNodesParts {
  readonly store: Store
  readonly effects: Pick<Effects, 'sleep' | 'monotonicMs'>
  readonly log: Log
  readonly file: ClientsFile
  readonly replaced: ReplacedFiles
  readonly node: NodeIdentity
  readonly changes: Pick<LiveChanges, 'publishToAll'>
  /** Of the integrations in force here. */
  readonly configurationHash: () => string
  readonly reload: Administration['reload']
  /** `shared-configuration=1`. */
  readonly isShared: boolean
}

/** Which files the nodes run: each says so, and reloads when one of them asks all for it. */
export class ConfigurationNodes {
  readonly #parts: ConfigurationNodesParts
  readonly #loop: Periodic
  /** The bytes in force here, and whether the database knows. */
  #running: { readonly bytes: Buffer; isTold: boolean }
  #refusal: string | undefined
  #answered: number | undefined
  #work: Promise<unknown> = Promise.resolve()
  #news: { readonly untilMs: number; answers: string } | undefined

  constructor(parts: ConfigurationNodesParts) {
    this.#parts = parts
    this.#running = { bytes: parts.file.startedOn, isTold: false }
    this.#loop = new Periodic('look for a new configuration', LOOK_MS, parts, () => this.#inTurn(() => this.#look()))
  }

  start(): void {
    this.#loop.start()
  }

  async close(): Promise<void> {
    await this.#loop.close()
    await this.#work
    await this.#parts.replaced.close()
  }

  /** Other files are in force here. */
  replace(bytes: Buffer): void {
    this.#running = { bytes, isTold: false }
    this.#refusal = undefined
    this.#loop.wake()
  }

  /** Whether these bytes are in force here. */
  runs(bytes: Buffer): boolean {
    return this.#running.bytes.equals(bytes)
  }

  /** Reloads here, and where that was applied, everywhere; `waits`: until all that live have answered. */
  async reloadEverywhere({ waits, by }: { readonly waits: boolean; readonly by?: Actor }): Promise<ReloadedEverywhere> {
    const { effects } = this.#parts
    const { number, ...result } = await this.#inTurn(async () => {
      const here = await this.#reloadHere(by)
      return here.applied ? await this.#askOthers(here) : here
    })
    const { applied, findings } = result
    if (number === undefined) return { applied, findings, nodes: [] }
    this.#news = { untilMs: effects.monotonicMs() + NEWS_MS, answers: '' }
    const untilMs = effects.monotonicMs() + ANSWERS_MS
    let nodes = await this.answers(number)
    while (waits && nodes.some(({ isPending }) => isPending) && effects.monotonicMs() < untilMs) {
      await effects.sleep(ANSWERS_LOOK_MS)
      nodes = await this.answers(number)
    }
    return { applied, findings, nodes }
  }

  /** How each node took the newest version. */
  async answers(reloadNumber?: number): Promise<readonly NodeAnswer[]> {
    const { store } = this.#parts
    const [nodes, files, versions, number] = await Promise.all([
      store.nodes.list(),
      store.configuration.nodeFiles(),
      store.configuration.versions(),
      reloadNumber ?? store.configuration.reloadNumber(),
    ])
    const ofNode = new Map(files.map((each) => [each.incarnation, each]))
    return nodes.map((node) => {
      const shared = nodes.filter(({ host }) => host === node.host).length > 1
      const name = shared ? `${node.host} (${node.holder.pid})` : node.host
      return { node: name, ...answerOf(node, ofNode.get(node.holder.incarnation), versions, number) }
    })
  }

  /** Why a file that is written here is not the one of all nodes, and what to do. */
  async whyNotShared(): Promise<string | undefined> {
    const { store, node, isShared } = this.#parts
    if (isShared) return undefined
    const [nodes, files, place] = await Promise.all([store.nodes.list(), store.configuration.nodeFiles(), this.#place()])
    const here = new Set(files.flatMap((each) => (each.place === place ? [each.incarnation] : [])))
    const others = nodes.filter(
      ({ isLive, holder }) => isLive && holder.incarnation !== node.holder.incarnation && !here.has(holder.incarnation),
    )
    if (others.length === 0) return undefined
    const names = [...new Set(others.map(({ host }) => host))].join(', ')
    return `Several servers run, each with files of its own (this one and ${names}), so a change here would reach one of them. Change the file on each, then: benchkey reload. If they share the directory, write shared-configuration=1 into benchkey.conf of each.`
  }

  /** The version in force here, told to the database now if it does not know yet. */
  async tell(): Promise<void> {
    await this.#inTurn(() => this.#tell())
  }

  async #look(): Promise<void> {
    const { store, file } = this.#parts
    const number = await store.configuration.reloadNumber()
    if (this.#answered === undefined) {
      // Files that were changed while this server started are read again, like those of a reload it did not hear of.
      const isSame = fileMark((await file.read()).bytes) === fileMark(this.#running.bytes)
      this.#answered = isSame ? number : number - 1
      this.#running.isTold = false
    }
    if (number > this.#answered) {
      const { applied, findings } = await this.#reloadHere()
      this.#answered = number
      this.#running.isTold = false
      if (!applied) this.#refusal = findings.find(({ severity }) => severity === 'error')?.text
    }
    await this.#tell()
    if (await this.#parts.replaced.look()) this.#parts.changes.publishToAll('integrations')
    await this.#tellPages()
  }

  async #reloadHere(by?: Actor): Promise<Reloaded> {
    this.#refusal = undefined
    return await this.#parts.reload(by)
  }

  /** A database that takes nothing keeps the others from hearing of it, and nothing from being in force here. */
  async #askOthers(here: Reloaded): Promise<Reloaded> {
    try {
      const number = await this.#parts.store.configuration.askForReload()
      this.#answered = number
      await this.#tell()
      return { ...here, number }
    } catch (failure) {
      if (!(failure instanceof StoreError)) throw failure
      return { ...here, findings: [...here.findings, { severity: 'warning', text: NOT_ASKED }] }
    }
  }

  async #tell(): Promise<void> {
    const running = this.#running
    if (running.isTold) return
    const { store, node, configurationHash } = this.#parts
    const { bytes } = running
    const contentHash = fileMark(bytes)
    const place = await this.#place()
    const [newest, others] = await Promise.all([store.configuration.newest(), store.configuration.nodeFiles()])
    const isOld = others.some((each) => each.place !== place && each.contentHash === newest?.contentHash)
    const before = newest ? await store.configuration.content(newest.number) : undefined
    const summary = before ? summaryOf(sectionsOf(before), sectionsOf(bytes)) : 'the first one that was kept'
    const known = { contentHash, content: bytes, summary, configurationHash: configurationHash(), isOld }
    await store.configuration.inForce(known)
    await store.configuration.answer({
      ...{ incarnation: node.holder.incarnation, place, contentHash, reloadNumber: this.#answered ?? 0 },
      ...(this.#refusal === undefined ? {} : { refusal: this.#refusal }),
    })
    running.isTold = true
  }

  async #tellPages(): Promise<void> {
    const { effects, changes } = this.#parts
    if (!this.#news) return
    const answers = JSON.stringify(await this.answers())
    if (answers !== this.#news.answers) changes.publishToAll('integrations')
    this.#news.answers = answers
    if (effects.monotonicMs() > this.#news.untilMs) this.#news = undefined
  }

  async #place(): Promise<string> {
    const { file, node } = this.#parts
    return `${node.holder.nodeId} ${await file.place()}`
  }

  /** One after the other: a reload that is asked for here is not taken for one that others asked for. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    // The next one does not care how this one ended; its caller hears it.
    this.#work = done.catch(() => undefined)
    return done
  }
}

function answerOf(
  node: ServerNode,
  files: NodeFiles | undefined,
  versions: readonly ConfigurationVersion[],
  reloadNumber: number,
): Omit<NodeAnswer, 'node'> {
  const [newest] = versions
  if (!node.isLive) {
    const since = `{time:${node.heartbeatAt.toISOString()}}`
    return { text: `does not answer since ${since}; it reads the file when it starts`, tone: 'warn', isPending: false }
  }
  if (!files || files.reloadNumber < reloadNumber) return { text: 'has not answered yet', tone: 'neutral', isPending: true }
  const number = newest?.number ?? 0
  if (files.refusal !== undefined) return { text: `refused ${number}: ${files.refusal}`, tone: 'danger', isPending: false }
  if (files.contentHash === newest?.contentHash) return { text: `runs ${number}`, tone: 'ok', isPending: false }
  const own = versions.find(({ contentHash }) => contentHash === files.contentHash)
  const runs = own ? `runs ${own.number}, not ${number}` : `does not run ${number}`
  return { text: `${runs}: it has other files`, tone: 'danger', isPending: false }
}
