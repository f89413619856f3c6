import { hash } from 'node:crypto'
import { SAME_SECRET } from '../config/client-secrets.ts'
import type { ClientsFile, ClientsNow } from '../config/clients-file.ts'
import type { Diagnostic } from '../config/configuration.ts'
import type { LoadedClients } from '../config/load.ts'
import { fileMark, type OptionNames } from '../config/masked-text.ts'
import { TYPED_SECRETS, wayOf } from '../config/secret-ways.ts'
import {
  type FileSecrets,
  isTypedSecret,
  type MergedFile,
  mergeChanges,
  type SectionChange,
  sectionsOf,
  type WrittenOptions,
} from '../config/section-changes.ts'
import type { Integration } from '../domain/integration.ts'
import type { Store } from '../store/store.ts'
import { badRequest } from './bad-request.ts'
import type { ConfigurationFinding } from './broker-of-configuration.ts'
import type { Draft } from './configuration-drafts.ts'
import { secretNeeded, type TypedFacts } from './secret-rule.ts'

/** The file of now and the file that a draft makes of it. */
export interface Plan {
  readonly now: ClientsNow
  readonly current: LoadedClients
  /** What is written. */
  readonly merged: MergedFile
  /**
   * What is shown and judged: the same, but that a typed secret stands there also where the file of a `client-secret-file` has it,
   * so that nobody learns whether it does.
   */
  readonly shown: Buffer
  /** Options of it that hold what was typed and is not shown. */
  readonly typed: OptionNames
  /** Of `shown`. */
  readonly next: LoadedClients
  /** Of `next`, as far as they are told. */
  readonly findings: readonly Diagnostic[]
  readonly before: ReadonlyMap<string, WrittenOptions>
  readonly after: ReadonlyMap<string, WrittenOptions>
  /** What the changes of the draft were made on: the file of now, or the version it goes back to. */
  readonly ground: ReadonlyMap<string, WrittenOptions>
  /** Of the file of now (`fileMark`). */
  readonly mark: string
  /** Headers in the file of now, by headers in the next one. */
  readonly origins: ReadonlyMap<string, string>
  /** Why secrets have to be typed, by header in the next file. */
  readonly secretsNeeded: ReadonlyMap<string, string>
  /** Stands for exactly this file, this draft and what it makes of it. */
  readonly token: string
}

/** What a plan is made of. */
export interface PlanParts {
  readonly file: ClientsFile
  readonly store: Store
}

/** Reads the file and brings a draft into it. */
export async function planOf({ file, store }: PlanParts, draft: Draft): Promise<Plan> {
  const now = await file.read()
  const current = await file.check(now.bytes)
  const ground = await groundOf({ file, store }, draft, { now, current })
  const merged = mergeChanges(ground.bytes, draft.changes, fileSecretsOf(ground.bytes, ground.clients.integrations))
  const shown = mergeChanges(ground.bytes, draft.changes, new Map()).bytes
  const next = await file.check(shown)
  const typed = typedIn(draft.changes)
  const [before, after] = [sectionsOf(now.bytes), sectionsOf(shown)]
  const mark = fileMark(now.bytes)
  const origins = draft.rollbackTo === undefined ? merged.origins : sameHeaders(before, after)
  return {
    ...{ now, current, merged, shown, next, before, after, origins, mark, ground: sectionsOf(ground.bytes) },
    ...{ typed, findings: toldOf(next.findings.inOrder(), typed) },
    secretsNeeded: secretsNeeded(draft, { current: current.integrations, next: next.integrations, after, origins }),
    token: hash('sha256', JSON.stringify([draft.salt, mark, fileMark(merged.bytes), draft.revision, draft.rollbackTo]), 'hex'),
  }
}

async function groundOf(
  { file, store }: PlanParts,
  { rollbackTo }: Draft,
  { now, current }: Pick<Plan, 'now' | 'current'>,
): Promise<{ readonly bytes: Buffer; readonly clients: LoadedClients }> {
  if (rollbackTo === undefined) return { bytes: now.bytes, clients: current }
  const bytes = await store.configuration.content(rollbackTo)
  if (!bytes) throw badRequest(`Version ${rollbackTo} is not kept any more. Forget your changes, and begin again.`)
  return { bytes, clients: await file.check(bytes) }
}

function sameHeaders(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> {
  return new Map([...after.keys()].filter((section) => before.has(section)).map((section) => [section, section]))
}

/** What `client-secret-file` and `client-secret-next-file` lead to, by the path as written. */
function fileSecretsOf(bytes: Uint8Array, integrations: readonly Integration[]): FileSecrets {
  const sections = sectionsOf(bytes)
  return new Map(
    integrations.flatMap(({ section, client }) => {
      const written = sections.get(section)
      const [path, nextPath] = [written?.get('client-secret-file'), written?.get('client-secret-next-file')]
      return [
        ...(path === undefined ? [] : [[path, client.clientSecret] as const]),
        ...(nextPath === undefined || client.nextClientSecret === undefined
          ? []
          : [[nextPath, client.nextClientSecret] as const]),
      ]
    }),
  )
}

function secretsNeeded(
  draft: Draft,
  plan: Pick<Plan, 'after' | 'origins'> & { readonly current: readonly Integration[]; readonly next: readonly Integration[] },
): ReadonlyMap<string, string> {
  const { current, next, after, origins } = plan
  const needed = new Map<string, string>()
  for (const integration of next) {
    const { section } = integration
    const change = draft.changes.find((each) => each.section === section && !each.isRemoved)
    const facts = typedFacts(change, wayOf(after.get(section) ?? new Map()))
    const origin = origins.get(section)
    const before = current.find((each) => each.section === origin)
    const why = secretNeeded(integration, current, { ...facts, before })
    if (why !== undefined) needed.set(section, why)
  }
  return needed
}

function typedFacts(change: SectionChange | undefined, way: string): TypedFacts {
  const secrets = (change?.options ?? []).filter(isTypedSecret)
  const clientSecrets = secrets.filter(({ name, typedFor }) => TYPED_SECRETS.includes(name) && typedFor !== undefined)
  const { typed = [], typedBefore = [] } = Object.groupBy(clientSecrets, ({ typedFor }) =>
    typedFor === way ? 'typed' : 'typedBefore',
  )
  const names = (options: readonly { readonly name: string }[]): ReadonlySet<string> => new Set(options.map(({ name }) => name))
  return { typed: names(typed), typedBefore: names(typedBefore), isProxyTyped: names(secrets).has('proxy') }
}

function typedIn(changes: readonly SectionChange[]): OptionNames {
  const kept = changes.filter(({ isRemoved }) => !isRemoved)
  return new Map(
    kept.map(({ section, options }) => [section, new Set(options.filter(isTypedSecret).map(({ name }) => name))] as const),
  )
}

/** Without those that tell whether a secret that was typed is another one of the file. */
export function toldOf(diagnostics: readonly Diagnostic[], typed: OptionNames): readonly Diagnostic[] {
  const isGuess = (section = ''): boolean => {
    const names = typed.get(section)
    return TYPED_SECRETS.some((name) => names?.has(name)) && !TYPED_SECRETS.every((name) => names?.has(name))
  }
  return diagnostics.filter(({ message, section }) => message !== SAME_SECRET || !isGuess(section))
}

/** More of them in one answer help nobody. */
const MOST_FINDINGS = 300

/** Findings of one file as the pages take them. */
export function findingsOf(diagnostics: readonly Diagnostic[]): readonly ConfigurationFinding[] {
  return diagnostics.slice(0, MOST_FINDINGS).map(({ severity, line, section, option, message }) => ({
    severity,
    ...(section === undefined ? {} : { section }),
    ...(option === undefined ? {} : { option }),
    ...(line === 0 ? {} : { line }),
    message,
  }))
}
