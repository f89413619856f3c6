import { maskedDiff } from '../config/masked-text.ts'
import { decide, type SectionChange, sectionsOf, type WrittenOptions } from '../config/section-changes.ts'
import { editProblems, withEdit, withTyped } from '../config/section-edits.ts'
import { printable } from '../domain/states.ts'
import { aboutSelf } from './audit-desk.ts'
import { badRequest } from './bad-request.ts'
import type {
  ConfigurationManager,
  ConfigurationOverview,
  ConfigurationReview,
  ConflictDecision,
  DraftIntegration,
  Editor,
  SectionChecked,
  SectionFormEdit,
  SectionView,
} from './broker-of-configuration.ts'
import type { Actor } from './broker-of-oversight.ts'
import type { Catalogue } from './catalogue.ts'
import { type DeployParts, deployPlan } from './configuration-deploys.ts'
import { type Draft, Drafts, findChange, withChange } from './configuration-drafts.ts'
import { overviewOf } from './configuration-overview.ts'
import { findingsOf, type Plan, planOf } from './configuration-plan.ts'
import { reviewOf, whyReadOnly } from './configuration-review.ts'
import { ofPreset, optionsOfForm, shownOptions } from './configuration-views.ts'
import { summaryOf } from './configuration-words.ts'
import { getUser } from './oversight.ts'
import { newSecret } from './random-values.ts'
import { leadsOpenClientsElsewhere } from './secret-rule.ts'
import { freeHeader, takenHeader } from './section-headers.ts'

/** What the Configuration Manager is made of. */
export interface ConfigurationDeskParts extends DeployParts {
  readonly catalogue: Catalogue
  /** `configuration-managed-by`. */
  readonly managedBy: string | undefined
}

/** Sections of a file that a form was filled from, while no version has them. */
const FILES_REMEMBERED = 20

/** `oauth-clients.conf` on pages: drafts, checks, reviews, deploys. */
export class ConfigurationDesk implements ConfigurationManager {
  readonly #parts: ConfigurationDeskParts
  readonly #drafts: Drafts
  /** Files that were edited by hand and shown before they were loaded, by the names that forms know them by. */
  readonly #seen = new Map<string, Buffer>()

  constructor(parts: ConfigurationDeskParts) {
    this.#parts = parts
    this.#drafts = new Drafts(parts.store, parts.effects)
  }

  options = optionsOfForm

  async overview(editor: Editor): Promise<ConfigurationOverview> {
    return await this.#overviewOf(await this.#drafts.load(editor))
  }

  async section(editor: Editor, section: string): Promise<SectionView> {
    const plan = await planOf(this.#parts, await this.#drafts.load(editor))
    const written = plan.after.get(section)
    if (!written) throw noSuchSection(section)
    return {
      ...{ section, isNew: !plan.origins.has(section), options: shownOptions(written), ...ofPreset(written) },
      findings: findingsOf(plan.findings),
      redirectUri: this.#redirectUriOf(section, written),
      basedOn: await this.#nameOf(plan),
    }
  }

  async check(editor: Editor, edit: SectionFormEdit, was?: string): Promise<SectionChecked> {
    const draft = await this.#drafts.load(editor)
    const plan = await planOf(this.#parts, draft)
    const problems = [
      ...takenHeader(edit, was, plan),
      ...this.#problemsOf(edit, was === undefined ? undefined : plan.after.get(was)),
    ]
    const wrong = new Set(problems.flatMap(({ option }) => (option === undefined ? [] : [option])))
    const options = Object.entries(edit.options).filter(([name]) => !wrong.has(name))
    const isHeaderWrong = problems.some(({ option }) => option === undefined)
    const section = isHeaderWrong ? (was ?? freeHeader(plan)) : edit.section
    const edited = await this.#edited(draft, plan, { ...edit, section, options: Object.fromEntries(options) }, was)
    const next = await planOf(this.#parts, edited)
    const written = next.after.get(section) ?? new Map<string, string>()
    const secretNeeded = next.secretsNeeded.get(section)
    const own = problems.map(({ option, message }) => ({
      ...{ severity: 'error' as const, section: edit.section, message },
      ...(option === undefined ? {} : { option }),
    }))
    // What was left out above is wrong, not missing.
    const found = findingsOf(next.findings).filter(
      (finding) => finding.section !== section || finding.option === undefined || !wrong.has(finding.option),
    )
    const { fromPreset } = ofPreset(written)
    return {
      findings: [
        ...own,
        ...found.map((finding) => (finding.section === section ? { ...finding, section: edit.section } : finding)),
      ],
      ...{ fromPreset, redirectUri: this.#redirectUriOf(section, written) },
      ...(secretNeeded === undefined ? {} : { secretNeeded }),
    }
  }

  async keep(editor: Editor, edit: SectionFormEdit, was?: string): Promise<ConfigurationOverview> {
    await this.#refuseReadOnly()
    let isFirst = true
    const draft = await this.#drafts.change(editor, async (old) => {
      isFirst = findChange(old, was ?? edit.section) === undefined
      const plan = await planOf(this.#parts, old)
      const own = this.#problemsOf(edit, was === undefined ? undefined : plan.after.get(was))
      const [problem] = [...own, ...takenHeader(edit, was, plan)]
      if (problem) throw badRequest(problem.option === undefined ? problem.message : `${problem.option} ${problem.message}`)
      return await this.#edited(old, plan, edit, was)
    })
    return edit.isAutomatic === true && !isFirst
      ? await this.#overviewOf(draft)
      : await this.#changed(editor, draft, edit.section)
  }

  async remove(editor: Editor, section: string): Promise<ConfigurationOverview> {
    await this.#refuseReadOnly()
    const draft = await this.#drafts.change(editor, async (old) => {
      const plan = await planOf(this.#parts, old)
      const written = plan.after.get(section)
      if (!written) throw noSuchSection(section)
      const change = findChange(old, section)
      if (change && change.of === undefined) return withChange(old, change, undefined)
      const of = change?.of ?? section
      const before = change?.before ?? [...written]
      return withChange(old, change, { ...{ of, section: of, options: [], before }, isRemoved: true })
    })
    return await this.#changed(editor, draft, section)
  }

  async setEnabled(editor: Editor, section: string, isEnabled: boolean): Promise<ConfigurationOverview> {
    return await this.keep(editor, { section, options: { enabled: isEnabled ? null : '0' } }, section)
  }

  async undo(editor: Editor, section?: string): Promise<ConfigurationOverview> {
    let had = false
    const draft = await this.#drafts.change(editor, (old) => {
      had = holdsAnything(old)
      if (section === undefined) return { startedAt: old.startedAt, changes: [] }
      const change = findChange(old, section)
      if (!change) throw badRequest(`You have not changed [${printable(section)}].`)
      return withChange(old, change, undefined)
    })
    if (section !== undefined) await this.#record(editor, 'configuration.undone', { section })
    else if (had) await this.#record(editor, 'configuration.discarded')
    return await this.#overviewOf(draft)
  }

  async review(editor: Editor): Promise<ConfigurationReview> {
    return await this.#reviewOf(await this.#drafts.load(editor))
  }

  async resolve(editor: Editor, { section, option, keep }: ConflictDecision): Promise<ConfigurationReview> {
    const draft = await this.#drafts.change(editor, async (old) => {
      const change = old.changes.find((each) => each.section === section)
      if (!change) throw badRequest(`You have not changed [${printable(section)}].`)
      const { bytes } = await this.#parts.file.read()
      return withChange(old, change, decide(change, { keep, ...(option === undefined ? {} : { option }) }, bytes))
    })
    const detail = `${keep} is kept${option === undefined ? '' : ` of ${printable(option)}`}`
    await this.#record(editor, 'configuration.resolved', { section, detail })
    return await this.#reviewOf(draft)
  }

  async deploy(editor: Editor, token: string): ReturnType<ConfigurationManager['deploy']> {
    const draft = await this.#drafts.load(editor)
    const plan = await planOf(this.#parts, draft)
    const { blocked } = await reviewOf(this.#parts, draft, plan)
    if (token !== plan.token) return { kind: 'conflict', sentence: LOOK_AGAIN }
    if (blocked !== undefined) return { kind: 'blocked', sentence: blocked }
    const isConfirmed = editor.loggedInAt.getTime() > (draft.changedAt ?? 0)
    if (!isConfirmed && leadsOpenClientsElsewhere(plan.next.integrations, plan.current.integrations)) {
      return { kind: 'recent_login_needed', sentence: CONFIRM }
    }
    const result = await deployPlan(this.#parts, {
      ...{ plan, by: editor, summary: summaryOf(plan.before, withTypedApart(plan), plan.origins) },
      ...(draft.rollbackTo === undefined ? {} : { rolledBackTo: draft.rollbackTo }),
    })
    if (result.kind === 'deployed') await this.#drafts.forget(editor, draft)
    return result
  }

  async versions(): ReturnType<ConfigurationManager['versions']> {
    const versions = await this.#parts.store.configuration.versions()
    return versions.map((version, index) => ({ ...version, isCurrent: index === 0 }))
  }

  async version(number: number): ReturnType<ConfigurationManager['version']> {
    const { configuration } = this.#parts.store
    const versions = await configuration.versions()
    const at = versions.findIndex((each) => each.number === number)
    const [version, older] = [versions[at], versions[at + 1]]
    const content = version && (await configuration.content(number))
    if (!version || !content) throw noSuchVersion(number)
    const before = older ? await configuration.content(older.number) : undefined
    return { version, isCurrent: at === 0, diff: maskedDiff(before ?? Buffer.alloc(0), content) }
  }

  async reviewVersion(editor: Editor, number: number): Promise<ConfigurationReview> {
    await this.#refuseReadOnly()
    const fresh = await this.#goingBack(number)
    let had = false
    const draft = await this.#drafts.change(editor, (old) => {
      had = holdsAnything(old)
      return fresh
    })
    if (had) await this.#record(editor, 'configuration.discarded', { detail: `to go back to version ${number}` })
    return await this.#reviewOf(draft)
  }

  async rollBackReview(number: number): Promise<ConfigurationReview> {
    const draft = await this.#goingBack(number)
    return await reviewOf(this.#parts, draft, await planOf(this.#parts, draft), { knowsSecrets: true })
  }

  async rollBack(number: number, token: string): ReturnType<ConfigurationManager['rollBack']> {
    const draft = await this.#goingBack(number)
    const plan = await planOf(this.#parts, draft)
    const { blocked } = await reviewOf(this.#parts, draft, plan, { knowsSecrets: true })
    if (token !== plan.token) return { kind: 'conflict', sentence: LOOK_AGAIN }
    if (blocked !== undefined) return { kind: 'blocked', sentence: blocked }
    return await deployPlan(this.#parts, { plan, rolledBackTo: number, summary: summaryOf(plan.before, plan.after) })
  }

  async draftIntegration(userName: string, section: string): Promise<DraftIntegration> {
    const plan = await planOf(this.#parts, await this.#drafts.load(await getUser(this.#parts.store, userName)))
    if (!plan.after.has(section)) throw noSuchSection(section)
    const secret = plan.secretsNeeded.get(section)
    if (secret !== undefined) return { refusal: secret }
    const integration = plan.next.integrations.find((each) => each.section === section)
    const wrong = plan.findings.find((each) => each.severity === 'error' && each.section === section)
    if (integration && !wrong) return { integration }
    const option = wrong?.option === undefined ? '' : `${wrong.option} `
    return {
      refusal: wrong ? `[${printable(section)}] is not right yet: ${option}${wrong.message}` : 'The section is not whole yet.',
    }
  }

  async reloadEverywhere(by: Actor = {}): ReturnType<ConfigurationManager['reloadEverywhere']> {
    return await this.#parts.nodes.reloadEverywhere({ waits: true, by })
  }

  async #reviewOf(draft: Draft): Promise<ConfigurationReview> {
    return await reviewOf(this.#parts, draft, await planOf(this.#parts, draft))
  }

  async #overviewOf(draft: Draft): Promise<ConfigurationOverview> {
    return await overviewOf(this.#parts, draft, await planOf(this.#parts, draft))
  }

  async #changed(editor: Editor, draft: Draft, section: string): Promise<ConfigurationOverview> {
    await this.#record(editor, 'configuration.changed', { section })
    return await this.#overviewOf(draft)
  }

  async #record(editor: Editor, action: string, what: { section?: string; detail?: string } = {}): Promise<void> {
    await this.#parts.audit.record({ action, outcome: 'ok', ...what, ...aboutSelf(editor) })
  }

  async #refuseReadOnly(): Promise<void> {
    const why = await whyReadOnly(this.#parts, await this.#parts.file.read())
    if (why !== undefined) throw badRequest(why)
  }

  #problemsOf(edit: SectionFormEdit, written: WrittenOptions | undefined): ReturnType<typeof editProblems> {
    return editProblems(edit, written ?? new Map(), this.#parts.file.configDir)
  }

  /** The draft with a form brought in; `was`: the header of the section in the draft now. */
  async #edited(draft: Draft, plan: Plan, edit: SectionFormEdit, was: string | undefined): Promise<Draft> {
    if (was === undefined) return withChange(draft, undefined, bound(withEdit(undefined, edit, undefined), edit))
    if (!plan.after.has(was)) throw noSuchSection(was)
    const change = findChange(draft, was)
    if (change && change.of === undefined) return withChange(draft, change, bound(withEdit(change, edit, undefined), edit))
    const header = change?.of ?? was
    const seen = draft.rollbackTo === undefined ? await this.#sectionsOf(edit.basedOn, plan) : plan.ground
    const options = seen.get(header) ?? plan.ground.get(header) ?? new Map<string, string>()
    const fresh = withEdit(change, edit, { header, options })
    return withChange(draft, change, bound(fresh, edit, plan.ground.get(header)))
  }

  /** The file that a form was filled from: what others have changed since was not seen by who typed. */
  async #sectionsOf(basedOn: string | undefined, plan: Plan): Promise<Plan['before']> {
    if (basedOn === undefined) return plan.before
    const isVersion = /^[1-9]\d{0,8}$/.test(basedOn)
    const bytes = isVersion ? await this.#parts.store.configuration.content(Number(basedOn)) : this.#seen.get(basedOn)
    if (bytes) return sectionsOf(bytes)
    throw badRequest('The file was changed since this form was opened, and what it was filled from is not kept. Open it again.')
  }

  /** Names the file of now for a form. Not by its mark: that holds digits of the secrets' hashes, by which guesses can be tried. */
  async #nameOf({ mark, now: { bytes } }: Plan): Promise<string> {
    const newest = await this.#parts.store.configuration.newest()
    if (newest?.contentHash === mark) return String(newest.number)
    const known = [...this.#seen].find(([, seen]) => seen.equals(bytes))
    if (known) return known[0]
    const name = newSecret(this.#parts.effects)
    this.#seen.set(name, bytes)
    const [oldest] = this.#seen.keys()
    if (oldest !== undefined && this.#seen.size > FILES_REMEMBERED) this.#seen.delete(oldest)
    return name
  }

  async #goingBack(number: number): Promise<Draft> {
    const { configuration } = this.#parts.store
    const [newest, content] = await Promise.all([configuration.newest(), configuration.content(number)])
    if (!content) throw noSuchVersion(number)
    return { startedAt: newest?.number ?? 0, rollbackTo: number, changes: [] }
  }

  #redirectUriOf(section: string, written: WrittenOptions): string {
    const redirectUri = written.get('redirect-uri') === 'per-integration' ? 'per-integration' : 'fixed'
    return this.#parts.catalogue.redirectUriOf({ section, redirectUri })
  }
}

/** What was typed and is not shown counts as changed. */
function withTypedApart({ after, typed }: Plan): Plan['after'] {
  const apart = (written: WrittenOptions, names: ReadonlySet<string> | undefined): WrittenOptions =>
    new Map([...written].map(([name, value]) => [name, names?.has(name) ? `${value}\n` : value]))
  return new Map([...after].map(([section, written]) => [section, apart(written, typed.get(section))]))
}

function holdsAnything({ changes, rollbackTo }: Draft): boolean {
  return changes.length > 0 || rollbackTo !== undefined
}

function bound(change: SectionChange | undefined, edit: SectionFormEdit, written?: WrittenOptions): SectionChange | undefined {
  return change && withTyped(change, edit, written)
}

function noSuchSection(section: string): Error {
  return badRequest(`There is no section [${printable(section)}].`)
}

function noSuchVersion(number: number): Error {
  return badRequest(`There is no version ${number}. See them with: benchkey config history`)
}

const CONFIRM = 'These changes lead a client without a secret elsewhere. Type your password again.'
const LOOK_AGAIN = 'The file or your changes are others by now. Look at the review again.'
