import type { PageSection, PageSectionEdit } from '@benchkey/sdk/configuration-pages'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  CHANGED,
  CONFIGURATION,
  CONFLICTING,
  FORTY_SECTIONS,
  managerScript,
  READ_ONLY,
  REVIEW,
  VERIFICATION,
  WRONG,
} from './sample-configuration.ts'
import { Visits } from './visits.ts'

const LIST = '/admin/integrations'
const API = '/api/admin/configuration'
const BOX = `${LIST}/box-integration`

/** Every edit names its section and the file that its form was filled from. */
const AT_BOX = { section: 'box-integration', basedOn: 'file-41' }

/** A draft is kept a second after the last key, and a busy machine takes its time. */
const PATIENT = { timeout: 10_000 }

const visits = new Visits()

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true })
const row = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
const pathOf = (page: Page) => page.evaluate(() => location.pathname + location.search)
const isAutomatic = ({ body }: { readonly body: unknown }): boolean => (body as PageSectionEdit).isAutomatic === true
/** Paths and bodies of what was asked for with a change in mind, without the checks and the drafts kept while typing. */
const acts = () =>
  visits.server.posted
    .filter((each) => each.path !== `${API}/check` && !isAutomatic(each))
    .map(({ path, body }) => ({ path, body }))
const drafts = () => visits.server.posted.filter(isAutomatic).map(({ body }) => (body as PageSectionEdit).options)
const lastCheck = () => visits.server.posted.findLast(({ path }) => path === `${API}/check`)?.body

/** Has the played server take edits of a section, as the real one does: what is read next holds them, secrets without their value. */
function takeEdits(section: string, method: 'PUT' | 'POST' = 'PUT'): void {
  const { script } = visits.server
  const path = `${API}/sections/${section}`
  const take = (body: unknown) => {
    const { options } = body as PageSectionEdit
    const before = (script.gets[path] ?? { ...BOX_RENAMED, section, isNew: true }) as PageSection
    const rest = before.options.filter(({ name }) => options[name] === undefined)
    const typed = Object.entries(options).flatMap(([name, value]) => {
      if (value === null) return []
      return [name === 'client-secret' ? { name, isSecret: true } : { name, value, isSecret: false }]
    })
    script.gets[path] = { ...before, options: [...rest, ...typed] }
    return { status: 200, body: { ...CHANGED, changes: [section] } }
  }
  script.posts[path] = take
  if (method === 'POST') script.posts[`${API}/sections`] = take
}

async function choose(page: Page, name: string, item: string): Promise<void> {
  await button(page, `More about ${name}`).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

describe('the list of integrations', () => {
  it('shows the sections in file order, what is changed, and the redirect URI to copy', async () => {
    const page = await visits.open(LIST, managerScript({ configuration: CHANGED }))
    await page.getByText('3 changes not deployed').waitFor()
    const names = await page.locator('.configured-row h3').allTextContents()
    expect(names).toEqual(['Box API Access', 'Salesforce', 'Company Internal API', 'GitHub'])
    await row(page, 'GitHub').getByText('Added').waitFor()
    await row(page, 'Salesforce').getByText('Removed').waitFor()
    await row(page, 'Box API Access').getByText('118 people').waitFor()
    await button(page, 'Copy redirect URI').click()
    await page.getByText('Copied', { exact: true }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(CONFIGURATION.redirectUri)
    await page.getByText('token-url is not a whole https URL').waitFor()
  })

  it('says why nothing can be changed, and offers nothing that would', async () => {
    const page = await visits.open(LIST, managerScript({ configuration: { ...CONFIGURATION, readOnly: READ_ONLY } }))
    await page.getByText(READ_ONLY).waitFor()
    expect(await link(page, 'Add').count()).toBe(0)
    await button(page, 'More about Salesforce').click()
    expect(await page.getByRole('menuitem').allTextContents()).toEqual(['Test'])
    await page.keyboard.press('Escape')
    await link(page, 'Open Box API Access').click()
    expect(await page.getByLabel('Client ID').isDisabled()).toBe(true)
    expect(await button(page, 'Save').count()).toBe(0)
  })

  it('says that the file was edited by hand, and loads it, or tells why it cannot', async () => {
    const notLoaded = 'Somebody edited the file by hand, and version 42 is still in force: changed salesforce.'
    const page = await visits.open(LIST, managerScript({ configuration: { ...CONFIGURATION, notLoaded } }))
    const finding = { severity: 'error', text: 'oauth-clients.conf:7: [salesforce] This section stands twice.' }
    visits.server.script.posts[`${API}/reload`] = { status: 200, body: { applied: false, findings: [finding], nodes: [] } }
    await page.getByText(notLoaded).waitFor()
    await button(page, 'Reload').click()
    await page.getByText(`Nothing was loaded: ${finding.text}`).waitFor()
    visits.server.script.posts[`${API}/reload`] = { status: 200, body: { applied: true, findings: [], nodes: [] } }
    visits.server.script.gets[API] = CONFIGURATION
    await button(page, 'Reload').click()
    await page.getByText(notLoaded).waitFor({ state: 'detached' })
  })

  it('looks after the nodes until each has answered', async () => {
    const page = await visits.open(LIST, managerScript({ configuration: CHANGED }))
    await page.getByText('bk-2 is taking 42').waitFor()
    visits.server.script.gets[API] = CONFIGURATION
    await page.clock.runFor(1500)
    await page.getByText('bk-2 runs 42').waitFor()
  })

  it('switches off, undoes a removal, and asks before a removal and before discarding all', async () => {
    const page = await visits.open(LIST, managerScript({ configuration: CHANGED }))
    const changed = { status: 200, body: CHANGED }
    Object.assign(visits.server.script.posts, {
      [`${API}/sections/custom-api/enable`]: changed,
      [`${API}/sections/salesforce/undo`]: changed,
      [`${API}/sections/box-integration/remove`]: changed,
      [`${API}/undo`]: { status: 200, body: CONFIGURATION },
    })
    await choose(page, 'Company Internal API', 'Enable')
    await button(page, 'Undo the removal of Salesforce').click()
    await choose(page, 'Box API Access', 'Remove')
    const removal = page.getByRole('dialog', { name: 'Remove Box API Access?' })
    await removal.getByText('118 people signed in there get no more tokens').waitFor()
    await removal.getByRole('button', { name: 'Remove' }).click()
    await removal.waitFor({ state: 'detached' })
    await button(page, 'Discard all').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard all' }).click()
    await page.getByText('3 changes not deployed').waitFor({ state: 'detached' })
    expect(acts().map(({ path }) => path.replace(API, ''))).toEqual([
      '/sections/custom-api/enable',
      '/sections/salesforce/undo',
      '/sections/box-integration/remove',
      '/undo',
    ])
  })

  it('filters by /, in the address, and tells a refusal under its row', async () => {
    const page = await visits.open(LIST, managerScript({ configuration: FORTY_SECTIONS }))
    await page.getByText('number 39').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('number 39')
    await expect.poll(() => page.locator('.configured-row').count()).toBe(1)
    expect(await pathOf(page)).toBe(`${LIST}?filter=number+39`)
    const message = 'Somebody else is deploying right now. Try again in some seconds.'
    visits.server.script.posts[`${API}/sections/a-section-with-a-rather-long-header-39/disable`] = {
      ...{ status: 409, body: { error: { code: 'conflict', message } } },
    }
    await choose(page, FORTY_SECTIONS.integrations[39]?.name ?? '', 'Disable')
    await page.getByRole('alert').getByText(message).waitFor()
  })
})

describe('the form of a section', () => {
  it('saves what was changed and no more, and never shows a secret', async () => {
    const page = await visits.open(BOX, managerScript())
    const secret = page.getByLabel('Client secret', { exact: true })
    expect(await secret.inputValue()).toBe('')
    expect(await secret.getAttribute('placeholder')).toBe('Set. Type a new one to change it.')
    expect(await button(page, 'Save').isDisabled()).toBe(true)
    await page.getByLabel('Scopes').fill(' root_readonly ')
    await secret.fill('a-new-secret')
    await page.getByLabel('Name', { exact: false }).first().fill('')
    await button(page, 'Save').click()
    await page.getByText('Saved, not deployed.').waitFor()
    expect(acts()).toEqual([
      {
        path: `${API}/sections/box-integration`,
        body: {
          ...AT_BOX,
          options: { scopes: 'root_readonly', 'client-secret': 'a-new-secret', name: null },
          // Where a secret may go is where it went on the page on which it was typed.
          typedWith: { preset: 'box', 'client-id': 'your-box-client-id', scopes: 'root_readonly' },
        },
      },
    ])
    expect(await secret.inputValue()).toBe('')
  })

  it('has everything checked while one types, and shows what is wrong at its field, here and elsewhere', async () => {
    const page = await visits.open(BOX, managerScript())
    await page.getByText('Addresses of the service').click()
    visits.server.script.posts[`${API}/check`] = { status: 200, body: WRONG }
    await page.getByLabel('Token URL').fill('http://api.box.com/oauth2/token')
    await page.getByText('Token URL is not a whole https URL').waitFor()
    expect(lastCheck()).toEqual({
      ...AT_BOX,
      options: { 'token-url': 'http://api.box.com/oauth2/token' },
      was: 'box-integration',
    })
    expect(await page.getByLabel('Token URL').getAttribute('aria-invalid')).toBe('true')
    await page.getByText('Type the client secret again: another token URL would get it.').waitFor()
    await page.getByRole('region', { name: 'Elsewhere in the files' }).getByText('client-id is missing.').waitFor()
  })

  it('opens a group where something is written or wrong, and says of a closed one what is in it', async () => {
    const page = await visits.open(BOX, managerScript())
    const group = (title: string) => page.locator('details').filter({ has: page.getByRole('heading', { name: title }) })
    const isOpen = (title: string) => group(title).evaluate((details) => (details as HTMLDetailsElement).open)
    await group('Addresses of the service').getByText('2 from the preset').waitFor()
    expect(await isOpen('Addresses of the service')).toBe(false)
    await group('Network').locator('summary').press('Enter')
    await page.getByLabel('Proxy').fill('http://proxy.corp.example:3128')
    await group('Network').locator('summary').press('Enter')
    await group('Network').getByText('1 set').waitFor()
    expect(await isOpen('Network')).toBe(false)
    visits.server.script.posts[`${API}/check`] = { status: 200, body: WRONG }
    await page.getByLabel('Scopes').fill('root_readonly')
    await page.getByText('Token URL is not a whole https URL').waitFor()
    expect(await isOpen('Addresses of the service')).toBe(true)
    await button(page, 'Save').click()
    await page.getByText('Saved, not deployed.').waitFor()
  })

  it('finds an option by its name, wherever it stands', async () => {
    const page = await visits.open(BOX, managerScript())
    await page.getByLabel('Client ID').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('pkce')
    await page.getByLabel('PKCE').waitFor()
    expect(await page.locator('.option-group').count()).toBe(1)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('pkce')
    await page.getByLabel('Find an option').fill('client-secret')
    await button(page, 'Client secret').click()
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('client-secret')
    await page.getByLabel('Find an option').fill('nonsense')
    await page.getByText('No option matches “nonsense”.').waitFor()
    await page.getByLabel('Find an option').press('Escape')
    await page.getByRole('heading', { name: 'Network' }).waitFor()
    expect(await page.getByLabel('PKCE').isVisible()).toBe(false)
    expect(acts()).toEqual([])
  })

  it('says what the preset brings where nothing is written, and removes a secret only by its button', async () => {
    const page = await visits.open(BOX, managerScript())
    await page.getByText('Addresses of the service').click()
    await page.getByText('Empty: https://api.box.com/oauth2/token, from the preset.').waitFor()
    await button(page, 'Remove client-secret').click()
    await page.getByText('It will be removed.').waitFor()
    await expect.poll(lastCheck).toMatchObject({ options: { 'client-secret': null } })
    await button(page, 'Keep it').click()
    await expect.poll(() => button(page, 'Save').isDisabled()).toBe(true)
  })

  it('keeps what is typed as a draft when typing rests, a secret with each, but no new header and no removed secret', async () => {
    const page = await visits.open(BOX, managerScript())
    takeEdits('box-integration')
    const secret = page.getByLabel('Client secret', { exact: true })
    await page.getByLabel('Section header').fill('box-files')
    await secret.fill('a-new-secret')
    await expect.poll(drafts, PATIENT).toEqual([{ 'client-secret': 'a-new-secret' }])
    await page.getByText('Not saved yet.').waitFor()
    await page.getByLabel('Section header').fill('box-integration')
    await page.getByLabel('Scopes').fill('root_readonly')
    await page.getByText('Saved as a draft. Nothing takes effect before it is deployed.').waitFor()
    expect(drafts().at(-1)).toEqual({ 'client-secret': 'a-new-secret', scopes: 'root_readonly' })
    expect(await secret.inputValue()).toBe('a-new-secret')
    await page.reload()
    await expect.poll(() => page.getByLabel('Scopes').inputValue()).toBe('root_readonly')
    const before = drafts().length
    await button(page, 'Remove client-secret').click()
    await page.getByText('Not saved yet.').waitFor()
    await page.clock.runFor(3000)
    expect(drafts()).toHaveLength(before)
    expect(acts()).toEqual([])
  })

  it('takes back what a draft holds already, and says nothing of its own drafts as if somebody else had written them', async () => {
    const page = await visits.open(BOX, managerScript())
    takeEdits('box-integration')
    const written = visits.server.script.gets[`${API}/sections/box-integration`] ?? {}
    visits.server.script.posts[`${API}/sections/box-integration/undo`] = () => {
      visits.server.script.gets[`${API}/sections/box-integration`] = written
      return { status: 200, body: CONFIGURATION }
    }
    await page.getByLabel('Client ID').fill('one')
    await page.getByText('Saved as a draft.').waitFor()
    await page.getByLabel('Client ID').fill('two')
    await expect.poll(() => drafts().length, PATIENT).toBe(2)
    expect(await page.getByText('Somebody else changed it meanwhile').count()).toBe(0)
    await page.getByText('Saved as a draft.').waitFor()
    await button(page, 'Take back what I typed').click()
    await expect.poll(() => page.getByLabel('Client ID').inputValue()).toBe('your-box-client-id')
    expect(acts().map(({ path }) => path)).toEqual([`${API}/sections/box-integration/undo`])
  })

  it('says why a draft could not be kept, and loses nothing', async () => {
    const page = await visits.open(BOX, managerScript())
    const message = 'oauth-clients.conf cannot be changed here: the disk is read-only.'
    visits.server.script.posts[`${API}/sections/box-integration`] = {
      ...{ status: 400, body: { error: { code: 'bad_request', message } } },
    }
    await page.getByLabel('Client ID').fill('typed')
    await page.getByRole('alert').getByText(message).waitFor()
    await page.getByText('Not saved yet.').waitFor()
    await page.clock.runFor(5000)
    expect(drafts()).toHaveLength(1)
    await link(page, 'Users').click()
    await page.getByRole('dialog', { name: 'Leave this page?' }).waitFor()
  })

  it('keeps everything typed when saving fails, and says why', async () => {
    const page = await visits.open(BOX, managerScript())
    const message = 'The section header holds a bracket, which no header may. Choose another one.'
    visits.server.script.posts[`${API}/sections/box-integration`] = {
      ...{ status: 400, body: { error: { code: 'bad_request', message } } },
    }
    await page.getByLabel('Section header').fill('box]')
    await button(page, 'Save').click()
    await page.getByRole('alert').getByText(message).waitFor()
    expect(await page.getByLabel('Section header').inputValue()).toBe('box]')
  })

  it('follows a rename', async () => {
    const page = await visits.open(BOX, managerScript())
    visits.server.script.gets[`${API}/sections/box%20files`] = { ...BOX_RENAMED }
    await page.getByLabel('Section header').fill('box files')
    await button(page, 'Save').click()
    await expect.poll(() => pathOf(page)).toBe(`${LIST}/box%20files`)
    expect(acts()[0]?.body).toEqual({ section: 'box files', options: {}, basedOn: 'file-41' })
  })

  it('tells of an option that somebody else changed meanwhile', async () => {
    const page = await visits.open(BOX, managerScript())
    await page.getByLabel('Client ID').fill('mine')
    await expect.poll(() => visits.server.listeners).toBe(1)
    visits.server.script.gets[`${API}/sections/box-integration`] = {
      ...BOX_RENAMED,
      section: 'box-integration',
      options: [{ name: 'client-id', value: 'theirs', isSecret: false }],
    }
    visits.server.emit('integrations')
    await page.getByText('Somebody else changed it meanwhile: theirs. The review asks whose stays.').waitFor()
    expect(await page.getByLabel('Client ID').inputValue()).toBe('mine')
    await button(page, 'Save').click()
    await expect.poll(() => acts()[0]?.body).toEqual({ ...AT_BOX, options: { 'client-id': 'mine' } })
  })

  it('tests what is on the page: saves it first, shows the time it takes, then who has to act', async () => {
    const page = await visits.open(BOX, managerScript())
    await page.getByLabel('Scopes').fill('root_readonly')
    await button(page, 'Test Box API Access').click()
    await page.getByText('Not all is well with Box API Access.').waitFor()
    expect(acts().map(({ path }) => path)).toEqual([`${API}/sections/box-integration`, `${API}/sections/box-integration/test`])
    const titles = await page.locator('.test-group h3').allTextContents()
    expect(titles).toEqual(['You, here', 'At the service', 'Your network team', 'Fine'])
    await page.getByText('Line to change: oauth-clients.conf:4').waitFor()
  })
})

describe('a test', () => {
  it('that the list asks for starts on the page of the section, and not again when that is loaded', async () => {
    const page = await visits.open(LIST, managerScript())
    await choose(page, 'Box API Access', 'Test')
    await page.getByText('Not all is well with Box API Access.').waitFor()
    await page.reload()
    await button(page, 'Test Box API Access').waitFor()
    expect(acts().map(({ path }) => path)).toEqual([`${API}/sections/box-integration/test`])
  })

  it('says what goes on and for how long, and ends when one leaves the page', async () => {
    const page = await visits.open(LIST, managerScript())
    let ended = false
    page.on('requestfailed', (request) => {
      ended ||= request.url().endsWith('/api/admin/verify-server')
    })
    await page.route('**/api/admin/verify-server', () => new Promise(() => undefined))
    await button(page, 'Test this server').click()
    await page.getByText('Testing this server: names, proxies, certificates').waitFor()
    await page.clock.runFor(3000)
    await page.getByText('3 s', { exact: true }).waitFor()
    await link(page, 'History').click()
    await expect.poll(() => ended).toBe(true)
  })

  it('tells why it could not run', async () => {
    const page = await visits.open(BOX, managerScript())
    const message = 'Type the client secret again: the token URL changed.'
    visits.server.script.posts[`${API}/sections/box-integration/test`] = {
      ...{ status: 400, body: { error: { code: 'bad_request', message } } },
    }
    await button(page, 'Test Box API Access').click()
    await page.getByRole('alert').getByText(message).waitFor()
  })
})

describe('with the keyboard alone', () => {
  const focused = (page: Page) =>
    page.evaluate(() => document.activeElement?.getAttribute('name') ?? document.activeElement?.textContent ?? '')
  const tabTo = async (page: Page, name: string): Promise<void> => {
    const seen: string[] = []
    while (seen.length < 40) {
      await page.keyboard.press('Tab')
      const now = await focused(page)
      if (now === name) return
      seen.push(now)
    }
    throw new Error(`Tab never reached "${name}" but: ${seen.join(' | ')}`)
  }

  it('one chooses a preset, types what the service gave, and is led on by the headings', async () => {
    const page = await visits.open(LIST, managerScript())
    await link(page, 'Add').waitFor()
    await tabTo(page, 'Add')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page)).toBe('Add an integration')
    await link(page, 'Microsoft Entra').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('box')
    await link(page, 'Microsoft Entra').waitFor({ state: 'detached' })
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page)).toBe('Register Benchkey at Box')
    await tabTo(page, 'Continue')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page)).toBe('What Box gave you')
    visits.server.script.posts[`${API}/sections`] = REFUSED
    await tabTo(page, 'client-id')
    await page.keyboard.type('an-id')
    await page.keyboard.press('Tab')
    await page.keyboard.type('a-secret')
    await page.keyboard.press('Enter')
    await expect.poll(() => acts()[0]?.path).toBe(`${API}/sections`)
  })
})

/** No draft is kept of what is typed. */
const REFUSED = { status: 400, body: { error: { code: 'bad_request', message: 'Not now.' } } } as const

const BOX_RENAMED = {
  ...{ section: 'box files', isNew: false, options: [], findings: [], fromPreset: {}, presetVariables: [] },
  ...{ redirectUri: CONFIGURATION.redirectUri, basedOn: 'file-42' },
}

describe('leaving with something typed', () => {
  const dialog = (page: Page) => page.getByRole('dialog', { name: 'Leave this page?' })

  it.each(['', '/bench'])('asks at links, at the menu and at Back, below the base path "%s"', async (basePath) => {
    const page = await visits.open(LIST, managerScript(), { basePath })
    await link(page, 'Edit Box API Access').click()
    await page.getByLabel('Client ID').fill('typed')
    await page.getByRole('link', { name: 'Users' }).click()
    await dialog(page).getByRole('button', { name: 'Stay' }).click()
    await button(page, 'ada').click()
    await page.getByRole('menuitem', { name: 'Settings' }).click()
    await dialog(page).waitFor()
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    await page.evaluate(() => history.back())
    await dialog(page).waitFor()
    expect(await pathOf(page)).toBe(`${basePath}${BOX}`)
    await dialog(page).getByRole('button', { name: 'Stay' }).click()
    expect(await page.getByLabel('Client ID').inputValue()).toBe('typed')
    await page.evaluate(() => history.back())
    await dialog(page).getByRole('button', { name: 'Leave' }).click()
    await link(page, 'Edit Box API Access').waitFor()
    expect(await pathOf(page)).toBe(`${basePath}${LIST}`)
  })

  it('asks by the browser when the tab is loaded again, and not once it is saved', async () => {
    const page = await visits.open(BOX, managerScript())
    await page.getByLabel('Client ID').fill('typed')
    const asked: string[] = []
    page.on('dialog', (question) => {
      asked.push(question.type())
      void question.accept()
    })
    await page.reload()
    expect(asked).toEqual(['beforeunload'])
    await page.getByLabel('Client ID').fill('typed')
    await button(page, 'Save').click()
    await page.getByText('Saved, not deployed.').waitFor()
    await page.reload()
    await page.getByLabel('Client ID').waitFor()
    expect(asked).toEqual(['beforeunload'])
    await link(page, 'Users').click()
    expect(await pathOf(page)).toBe('/admin/users')
  })
})

describe('adding an integration', () => {
  it('goes in three steps; Back loses nothing, and what is kept is there after a reload', async () => {
    const page = await visits.open(LIST, managerScript())
    await link(page, 'Add').click()
    await page.getByRole('searchbox').fill('bo')
    await link(page, 'Box').click()
    await page.getByText('Create a Custom App of the kind').waitFor()
    await page.getByRole('listitem').getByText(CONFIGURATION.redirectUri).waitFor()
    await button(page, 'Continue').click()
    expect(await page.getByLabel('Section header').inputValue()).toBe('box')
    takeEdits('box', 'POST')
    visits.server.script.posts[`${API}/sections/box/test`] = { status: 200, body: { ...VERIFICATION, name: 'Box' } }
    await page.getByLabel('Client ID').fill('an-id')
    await page.getByLabel('Client secret', { exact: true }).fill('a-secret')
    await page.getByText('Saved as a draft.').waitFor()
    expect(await pathOf(page)).toBe(`${LIST}/add?section=box&step=2`)
    expect(await page.getByLabel('Section header').inputValue()).toBe('box')
    await page.goBack()
    await page.getByText('Create a Custom App of the kind').waitFor()
    await page.goForward()
    expect(await page.getByLabel('Client ID').inputValue()).toBe('an-id')
    expect(await page.getByLabel('Client secret', { exact: true }).inputValue()).toBe('a-secret')
    await button(page, 'Save and test').click()
    await page.getByText('Not all is well with Box.').waitFor()
    const options = { preset: 'box', name: 'Box', 'client-id': 'an-id', 'client-secret': 'a-secret' }
    expect(drafts().at(0)).toMatchObject({ preset: 'box', name: 'Box' })
    const sent = visits.server.posted.flatMap(({ path, body }) =>
      path.startsWith(`${API}/sections`) ? Object.entries((body as Partial<PageSectionEdit>).options ?? {}) : [],
    )
    expect(Object.fromEntries(sent)).toEqual(options)
    expect(visits.server.posted.filter(({ path }) => path === `${API}/sections`)).toHaveLength(1)
    await page.reload()
    await page.getByRole('heading', { name: 'Test and deploy' }).waitFor()
    await page.goBack()
    expect(await page.getByLabel('Client ID').inputValue()).toBe('an-id')
    expect(await page.getByLabel('Client secret', { exact: true }).getAttribute('placeholder')).toContain('Set.')
    expect(acts().filter(({ path }) => path.endsWith('/test'))).toHaveLength(1)
  })

  it('takes no secret along when another service is chosen', async () => {
    const page = await visits.open(`${LIST}/add`, managerScript())
    takeEdits('box', 'POST')
    await link(page, 'Box').click()
    await button(page, 'Continue').click()
    await page.getByLabel('Scopes').fill('read')
    await page.getByLabel('Client secret', { exact: true }).fill('of-box')
    await page.getByText('Saved as a draft.').waitFor()
    await page.goBack()
    await page.getByText('Create a Custom App of the kind').waitFor()
    await page.goBack()
    await link(page, 'Another service').click()
    await button(page, 'Continue').click()
    expect(await page.getByLabel('Scopes').inputValue()).toBe('read')
    expect(await page.getByLabel('Client secret', { exact: true }).inputValue()).toBe('')
  })

  it('goes on only when what was pasted is right, and leads to what is not', async () => {
    const page = await visits.open(`${LIST}/add?preset=none`, managerScript())
    await button(page, 'Continue').click()
    await page.getByLabel('Name', { exact: false }).first().fill('Zoom & Co.')
    expect(await page.getByLabel('Section header').inputValue()).toBe('zoom-co')
    visits.server.script.posts[`${API}/check`] = {
      status: 200,
      body: { ...WRONG, findings: [{ severity: 'error', section: 'zoom-co', option: 'client-id', message: 'is missing.' }] },
    }
    visits.server.script.posts[`${API}/sections`] = REFUSED
    await page.getByLabel('Scopes').fill('meeting:read')
    expect(await page.getByText('Client ID is missing.').count()).toBe(0)
    await button(page, 'Save and test').click()
    await page.getByText('Client ID is missing.').waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('client-id')
    expect(acts()).toEqual([])
  })

  it('asks for what the preset wants, and fills it in where it is said how', async () => {
    const page = await visits.open(`${LIST}/add?preset=entra`, managerScript())
    await page.getByLabel('Tenant').fill('corp.example')
    await page.getByText('Register an application in corp.example').waitFor()
    expect(await page.getByRole('link', { name: /^Register at Microsoft Entra/ }).getAttribute('href')).toBe(
      'https://entra.example.com/corp.example/register',
    )
    await expect.poll(lastCheck).toMatchObject({ options: { preset: 'entra', 'preset-tenant': 'corp.example' } })
  })
})

describe('the review', () => {
  it('shows what changes by numbers and marks, and deploys after the password was typed again', async () => {
    const page = await visits.open(`${LIST}/review`, managerScript())
    const added = page.getByRole('row', { name: 'added token-url=https://api.box.com/oauth2/token' })
    expect(await added.getByRole('cell').first().textContent()).toBe('')
    await page.getByText('34 people have to sign in again').waitFor()
    visits.server.script.posts[`${API}/deploy`] = {
      ...{ status: 403, body: { error: { code: 'recent_login_needed', message: 'Type your password again.' } } },
    }
    await button(page, 'Deploy').click()
    const dialog = page.getByRole('dialog', { name: 'Type your password again' })
    await dialog.getByLabel('Password').fill('right')
    visits.server.script.posts[`${API}/deploy`] = { status: 200, body: { version: 43 } }
    visits.server.script.gets[API] = { ...CONFIGURATION, version: 43, nodes: CHANGED.nodes }
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('Version 43 is deployed.').waitFor()
    await page.getByText('bk-2 is taking 42').waitFor()
    expect(acts().map(({ path }) => path)).toEqual([`${API}/deploy`, '/api/admin/confirm-login', `${API}/deploy`])
    expect(acts()[2]?.body).toEqual({ token: REVIEW.token })
  })

  it('shows the new review when the file changed meanwhile, and deploys nothing', async () => {
    const page = await visits.open(`${LIST}/review`, managerScript())
    await button(page, 'Deploy').waitFor()
    const message = 'The file changed since you looked. Look at the review again.'
    visits.server.script.posts[`${API}/deploy`] = { status: 409, body: { error: { code: 'conflict', message } } }
    visits.server.script.gets[`${API}/review`] = { ...CONFLICTING, token: 'review-token-2' }
    await button(page, 'Deploy').click()
    await page.getByRole('alert').getByText(message).waitFor()
    await page.getByRole('heading', { name: '2 conflicts' }).waitFor()
    expect(await button(page, 'Deploy').isDisabled()).toBe(true)
    await page.getByText('Decide the 2 conflicts first.').waitFor()
  })

  it('keeps what one decides of two', async () => {
    const page = await visits.open(`${LIST}/review`, managerScript({ review: CONFLICTING }))
    visits.server.script.posts[`${API}/resolve`] = { status: 200, body: REVIEW }
    await button(page, 'Keep theirs: token-url of [box-integration]').click()
    await page.getByRole('heading', { name: '2 conflicts' }).waitFor({ state: 'detached' })
    expect(acts()).toEqual([
      { path: `${API}/resolve`, body: { section: 'box-integration', option: 'token-url', keep: 'theirs' } },
    ])
  })

  it('says why it cannot be deployed, and that nothing would change', async () => {
    const blocked = 'oauth-clients.conf has 1 error. Mend it first.'
    const page = await visits.open(`${LIST}/review`, managerScript({ review: { ...REVIEW, blocked } }))
    await page.getByText(blocked).waitFor()
    expect(await button(page, 'Deploy').isDisabled()).toBe(true)
    const secret = '[box-integration] Type the client secret again: the token URL changed.'
    visits.server.script.gets[`${API}/review`] = { ...REVIEW, blocked: secret }
    await page.reload()
    await page.getByText(secret).waitFor()
    await link(page, 'Open Box API Access').waitFor()
    visits.server.script.gets[`${API}/review`] = { ...REVIEW, diff: [] }
    await page.reload()
    await page.getByText('Nothing would change: oauth-clients.conf is already so.').waitFor()
  })
})

describe('the history', () => {
  it('leads to a version, and by its review back to it', async () => {
    const page = await visits.open(`${LIST}/history`, managerScript({ configuration: CHANGED }))
    await link(page, 'Version 41').click()
    await page.getByText('the file').waitFor()
    visits.server.script.posts[`${API}/versions/41/review`] = { status: 200, body: REVIEW }
    visits.server.script.posts[`${API}/deploy`] = { status: 200, body: { version: 43 } }
    await button(page, 'Roll back').click()
    const dialog = page.getByRole('dialog', { name: 'Roll back to version 41?' })
    await dialog.getByText('What you changed in box-integration, salesforce, github and did not deploy is lost.').waitFor()
    await dialog.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('heading', { name: 'Review and deploy' }).waitFor()
    expect(await pathOf(page)).toBe(`${LIST}/review`)
    await button(page, 'Deploy').click()
    await expect.poll(() => acts().at(-1)?.body).toEqual({ token: REVIEW.token })
  })

  it('offers no way back to the version in force', async () => {
    const page = await visits.open(`${LIST}/history`, managerScript())
    visits.server.script.gets[`${API}/versions/42`] = {
      ...{ number: 42, at: '2026-11-20T08:14:00.000Z', by: 'ada', summary: 'added GitHub', isCurrent: true, diff: REVIEW.diff },
    }
    await link(page, 'Version 42').click()
    await page.getByText('In force').waitFor()
    expect(await button(page, 'Roll back').count()).toBe(0)
  })
})
