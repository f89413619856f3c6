import type {
  PageConfiguration,
  PageDeployed,
  PageOptions,
  PageReloaded,
  PageReview,
  PageSection,
  PageSectionCheck,
  PageVersionDetails,
  PageVersions,
} from '@benchkey/sdk/configuration-pages'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { ConfigurationReview, Editor, SectionFormEdit } from '../broker/broker-of-configuration.ts'
import type { ConfigurationVersion } from '../domain/configuration-version.ts'
import { Refusal } from './failures.ts'
import { requireRecentLogin } from './recent-login.ts'
import { getAdministrator, type LoggedIn, textMembers } from './web-requests.ts'

type Section = { Params: { section: string } }
type Numbered = { Params: { number: string } }

/** What the Configuration Manager's calls need. */
interface ConfigurationApiParts {
  readonly broker: Broker
  readonly addressOf: (request: FastifyRequest) => string
}

/** The Configuration Manager's calls (sdk/typescript/src/configuration-pages.ts), for administrators. */
export function registerConfiguration(app: FastifyInstance, parts: ConfigurationApiParts): void {
  const { broker, addressOf } = parts
  const { configuration } = broker
  const editorOf = async (request: FastifyRequest): Promise<Editor> =>
    editorIn(await getAdministrator(broker, request), addressOf(request))
  app.get('/configuration', async (request): Promise<PageConfiguration> => configuration.overview(await editorOf(request)))
  app.get('/configuration/options', async (): Promise<PageOptions> => ({ options: configuration.options() }))
  app.post('/configuration/check', async (request): Promise<PageSectionCheck> => {
    return await configuration.check(await editorOf(request), editOf(request.body), optionalText(request.body, 'was'))
  })
  app.post('/configuration/undo', async (request): Promise<PageConfiguration> => configuration.undo(await editorOf(request)))
  app.post(
    '/configuration/reload',
    async (request): Promise<PageReloaded> => configuration.reloadEverywhere(await editorOf(request)),
  )
  registerSections(app, broker, editorOf)
  registerDeploys(app, parts, editorOf)
}

type EditorOf = (request: FastifyRequest) => Promise<Editor>

function registerSections(app: FastifyInstance, { configuration }: Broker, editorOf: EditorOf): void {
  const path = '/configuration/sections/:section'
  app.post('/configuration/sections', async (request): Promise<PageConfiguration> => {
    return await configuration.keep(await editorOf(request), editOf(request.body))
  })
  app.get<Section>(path, async (request): Promise<PageSection> => {
    return await configuration.section(await editorOf(request), request.params.section)
  })
  app.put<Section>(path, async (request): Promise<PageConfiguration> => {
    return await configuration.keep(await editorOf(request), editOf(request.body), request.params.section)
  })
  app.post<Section>(`${path}/remove`, async (request): Promise<PageConfiguration> => {
    return await configuration.remove(await editorOf(request), request.params.section)
  })
  app.post<Section>(`${path}/undo`, async (request): Promise<PageConfiguration> => {
    return await configuration.undo(await editorOf(request), request.params.section)
  })
  for (const [act, isEnabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    app.post<Section>(`${path}/${act}`, async (request): Promise<PageConfiguration> => {
      return await configuration.setEnabled(await editorOf(request), request.params.section, isEnabled)
    })
  }
}

function registerDeploys(app: FastifyInstance, { broker, addressOf }: ConfigurationApiParts, editorOf: EditorOf): void {
  const { configuration } = broker
  app.get('/configuration/review', async (request): Promise<PageReview> => {
    return pageReviewOf(await configuration.review(await editorOf(request)))
  })
  app.post('/configuration/resolve', async (request): Promise<PageReview> => {
    const { section, keep } = textMembers(request.body, ['section', 'keep'])
    const option = optionalText(request.body, 'option')
    if (keep !== 'yours' && keep !== 'theirs') {
      throw new Refusal(400, 'bad_request', 'The member keep of this request is neither yours nor theirs.')
    }
    const decision = { section, keep, ...(option === undefined ? {} : { option }) } as const
    return pageReviewOf(await configuration.resolve(await editorOf(request), decision))
  })
  app.post('/configuration/deploy', async (request): Promise<PageDeployed> => {
    const login = await getAdministrator(broker, request)
    requireRecentLogin(login, broker.logins.now())
    const { token } = textMembers(request.body, ['token'])
    const result = await configuration.deploy(editorIn(login, addressOf(request)), token)
    if (result.kind === 'deployed') return { version: result.version }
    throw new Refusal(result.kind === 'recent_login_needed' ? 403 : 409, result.kind, result.sentence)
  })
  app.get('/configuration/versions', async (): Promise<PageVersions> => {
    return { versions: (await configuration.versions()).map(pageVersionOf) }
  })
  app.get<Numbered>('/configuration/versions/:number', async (request): Promise<PageVersionDetails> => {
    const { version, isCurrent, diff } = await configuration.version(numberOf(request))
    return { ...pageVersionOf({ ...version, isCurrent }), diff }
  })
  app.post<Numbered>('/configuration/versions/:number/review', async (request): Promise<PageReview> => {
    return pageReviewOf(await configuration.reviewVersion(await editorOf(request), numberOf(request)))
  })
}

function editorIn({ session }: LoggedIn, address: string): Editor {
  const { id, name } = session.user
  return { id, name, address, loggedInAt: session.createdAt }
}

function pageReviewOf({ conflicts, ...review }: ConfigurationReview): PageReview {
  return {
    ...review,
    conflicts: conflicts.map(({ at, ...conflict }) => ({ ...conflict, ...(at ? { at: at.toISOString() } : {}) })),
  }
}

function pageVersionOf(version: ConfigurationVersion & { readonly isCurrent: boolean }): PageVersions['versions'][number] {
  const { number, at, by, summary, rolledBackTo, isCurrent } = version
  const back = rolledBackTo === undefined ? '' : `back to ${rolledBackTo}: `
  return { number, at: at.toISOString(), by: by ?? 'the file', summary: `${back}${summary}`, isCurrent }
}

/** More options than there are help nobody. */
const MOST_OPTIONS = 200

function editOf(body: unknown): SectionFormEdit {
  const { section } = textMembers(body, ['section'])
  const basedOn = optionalText(body, 'basedOn')
  const isText = (value: unknown): value is string => typeof value === 'string'
  const options = textsOf(body, 'options', (value): value is string | null => isText(value) || value === null)
  const typedWith = Reflect.has(Object(body), 'typedWith') ? textsOf(body, 'typedWith', isText) : undefined
  return {
    ...{ section, options, isAutomatic: Reflect.get(Object(body), 'isAutomatic') === true },
    ...(basedOn === undefined ? {} : { basedOn }),
    ...(typedWith === undefined ? {} : { typedWith }),
  }
}

function textsOf<Text>(body: unknown, member: string, isOne: (value: unknown) => value is Text): Record<string, Text> {
  const texts: unknown = Reflect.get(Object(body), member)
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) {
    throw new Refusal(400, 'bad_request', `The member ${member} of this request is not a JSON object.`)
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(texts)
  const right = entries.flatMap(([name, value]) => (isOne(value) ? [[name, value] as const] : []))
  if (right.length < entries.length || right.length > MOST_OPTIONS) {
    const what = `holds something else than texts, or more than ${MOST_OPTIONS}`
    throw new Refusal(400, 'bad_request', `The member ${member} of this request ${what}.`)
  }
  return Object.fromEntries(right)
}

function optionalText(body: unknown, name: string): string | undefined {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  return value === undefined ? undefined : textMembers(body, [name])[name]
}

function numberOf(request: FastifyRequest<Numbered>): number {
  const { number } = request.params
  if (/^[1-9]\d{0,8}$/.test(number)) return Number(number)
  throw new Refusal(400, 'bad_request', 'The number of a version is a whole number.')
}
