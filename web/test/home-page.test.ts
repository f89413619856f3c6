import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { TOUR_VIEWPORT, takePicture } from '../../server/testing/pictures.ts'
import type { Script } from './fixture-server.ts'
import { APPLICATIONS, EVERY_SESSION, FORTY_SESSIONS, RUNNING, sampleSession } from './sample-sessions.ts'
import { HEALTHY, ONE_PROBLEM } from './sample-states.ts'
import { Visits } from './visits.ts'

const visits = new Visits()

const visit = (path: string, script: Partial<Script>): Promise<Page> => visits.open(path, script)

const row = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
const focusedName = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')
const pathOf = (page: Page) => new URL(page.url()).pathname

async function chooseFromMenu(page: Page, name: string, item: string): Promise<void> {
  await row(page, name)
    .getByRole('button', { name: `More about ${name}`, exact: true })
    .click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

describe('the home page', () => {
  it('leads to Managed Credentials where nothing runs and nothing can be started', async () => {
    const page = await visit('/', { integrations: HEALTHY, sessions: { sessions: [], applications: [] } })
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    const cannot = { sessions: [], applications: APPLICATIONS, cannotStart: 'This server does not run as root.' }
    visits.server.script.sessions = cannot
    await page.goto(visits.server.url('/'))
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
  })

  it('tells whoever has no Unix account, on the page it leads to, why there are no sessions', async () => {
    const cannotStart = 'There is no Unix account "ada" on this host. An administrator of the host adds one of this name.'
    const sessions = { sessions: [], applications: APPLICATIONS, cannotStart }
    const page = await visit('/', { integrations: HEALTHY, sessions: { ...sessions, lacksAccount: true } })
    await page.getByText(`You cannot start sessions on this server yet. ${cannotStart}`).waitFor()
    visits.server.script.sessions = sessions
    await page.reload()
    await page.getByRole('heading', { name: 'Box API Access' }).waitFor()
    expect(await page.getByText('You cannot start sessions').count()).toBe(0)
  })

  it('is where a login leads, and teaches while nothing runs', async () => {
    const page = await visit('/login', { loggedIn: false, sessions: { sessions: [], applications: APPLICATIONS } })
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill('right')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('Nothing is running. New session starts an editor, a notebook or a terminal').waitFor()
    expect(pathOf(page)).toBe('/')
  })

  it('says why nothing can be started, and shows what runs all the same', async () => {
    const cannotStart = 'Sessions cannot be started here: this server does not run as root.'
    const page = await visit('/', { sessions: { ...RUNNING, cannotStart } })
    await page.getByText(cannotStart).waitFor()
    expect(await page.getByRole('button', { name: 'New session' }).count()).toBe(0)
    await row(page, 'analysis').getByText('Running').waitFor()
  })

  it('tells of sign-ins that need the user, and only then', async () => {
    const page = await visit('/', { integrations: ONE_PROBLEM, sessions: RUNNING })
    await page.getByText('1 sign-in needs you: Box API Access.').waitFor()
    await page.setViewportSize(TOUR_VIEWPORT)
    await takePicture(page, 'docs/tour.md', 'tour-home')
    visits.server.script.integrations = HEALTHY
    visits.server.emit('integrations')
    await page.getByText('1 sign-in needs you').waitFor({ state: 'detached' })
    visits.server.script.integrations = ONE_PROBLEM
    visits.server.emit('integrations')
    await page.getByRole('link', { name: 'Review' }).click()
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
  })

  it('shows kind, state, when it started and where, and folds what has ended', async () => {
    const page = await visit('/', { sessions: EVERY_SESSION })
    await row(page, 'nightly').getByText('JupyterHub · jupyterhub').waitFor()
    await row(page, 'analysis').getByText('started 42 min ago').waitFor()
    await row(page, 'quarterly report').getByText('Idle, ends 15:30').waitFor()
    await row(page, 'quarterly report').getByText('gets tokens of Box API Access, GitHub only').waitFor()
    await row(page, 'gone quiet').getByText('VS Code has not answered since 14:27.').waitFor()
    await row(page, 'broken').getByText('Jupyter ended with exit code 1').waitFor()
    expect(await row(page, 'yesterday').isVisible()).toBe(false)
    await page.getByText('1 ended in the last 24 hours').click()
    await row(page, 'yesterday').getByText('ended 10 h ago').waitFor()
  })

  it('has one button that stands out: Open of the only session there is to open, else New session', async () => {
    const page = await visit('/', { sessions: { ...RUNNING, sessions: RUNNING.sessions.slice(0, 1) } })
    const standsOut = page.locator('.button-primary')
    await row(page, 'analysis').waitFor()
    expect(await standsOut.allTextContents()).toEqual(['Open'])
    visits.server.script.sessions = RUNNING
    visits.server.emit('sessions')
    await row(page, 'quarterly report').waitFor()
    expect(await standsOut.allTextContents()).toEqual(['New session'])
  })
})

describe('New session', () => {
  it('starts what was chosen, limited as its kind is', async () => {
    const page = await visit('/', { integrations: HEALTHY, sessions: { sessions: [], applications: APPLICATIONS } })
    await page.getByRole('button', { name: 'New session' }).click()
    const dialog = page.getByRole('dialog', { name: 'New session' })
    expect(await dialog.getByRole('radio', { name: 'VS Code' }).isChecked()).toBe(true)
    expect(await dialog.getByRole('radio', { name: 'Every integration' }).isChecked()).toBe(true)
    await dialog.getByRole('radio', { name: 'Jupyter' }).check()
    expect(await dialog.getByRole('checkbox', { name: 'Box API Access' }).isChecked()).toBe(true)
    await dialog.getByRole('checkbox', { name: 'GitHub' }).check()
    await dialog.getByLabel('Name').fill('report')
    await page.setViewportSize(TOUR_VIEWPORT)
    await takePicture(page, 'docs/tour.md', 'tour-new-session')
    const started = sampleSession(1, { name: 'report', state: 'starting', label: 'Starting', canOpen: false })
    visits.server.script.posts['/api/sessions'] = { status: 200, body: started }
    visits.server.script.sessions = { sessions: [started], applications: APPLICATIONS }
    await dialog.getByRole('button', { name: 'Start' }).click()
    await dialog.waitFor({ state: 'detached' })
    await row(page, 'report').getByText('Starting').waitFor()
    const limitedTo = [HEALTHY[0]?.uid, HEALTHY[2]?.uid]
    expect(visits.server.posted.map(({ body }) => body)).toEqual([{ application: 'jupyter', name: 'report', limitedTo }])
    expect(new URL(page.url()).search).toBe('')
  })

  it('says what a session without any integration gets, and what keeps it from starting', async () => {
    const page = await visit('/?new=', { integrations: HEALTHY, sessions: RUNNING })
    const dialog = page.getByRole('dialog', { name: 'New session' })
    await dialog.getByRole('radio', { name: 'Only those ticked' }).check()
    await dialog.getByText('None is ticked: its code gets no tokens.').waitFor()
    const message = 'You have 10 sessions. End one to start another.'
    visits.server.script.posts['/api/sessions'] = { status: 409, body: { error: { code: 'bad_request', message } } }
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').getByText(message).waitFor()
    expect(visits.server.posted[0]?.body).toEqual({ application: 'vscode', name: '', limitedTo: [] })
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
})

describe('a session', () => {
  it('opens in a tab of its own, by a form with a ticket that stands in no address', async () => {
    const page = await visit('/', { sessions: RUNNING })
    visits.server.script.posts['/api/sessions/session-1/open'] = {
      status: 200,
      body: { url: visits.server.url('/enter'), ticket: 'one-use' },
    }
    visits.server.script.posts['/enter'] = { status: 200, body: {} }
    const popup = visits.watched.context.waitForEvent('page')
    await page.getByRole('button', { name: 'Open analysis', exact: true }).click()
    const tab = await popup
    await expect.poll(() => visits.server.posted.at(-1)?.path).toBe('/enter')
    expect(visits.server.posted.at(-1)?.body).toBe('session=session-1&ticket=one-use')
    expect(await tab.evaluate(() => window.opener === null)).toBe(true)
    expect(tab.url()).not.toContain('one-use')
  })

  it('is not opened at an address without https, and a refusal stands under its row', async () => {
    const page = await visit('/', { sessions: RUNNING })
    const open = row(page, 'analysis').getByRole('button', { name: 'Open analysis' })
    visits.server.script.posts['/api/sessions/session-1/open'] = {
      status: 200,
      body: { url: 'javascript:alert(1)', ticket: 't' },
    }
    await open.click()
    await row(page, 'analysis').getByRole('alert').getByText('is not an https one').waitFor()
    const message = 'This session has ended.'
    visits.server.script.posts['/api/sessions/session-1/open'] = {
      status: 409,
      body: { error: { code: 'session_ended', message } },
    }
    await open.click()
    await row(page, 'analysis').getByRole('alert').getByText(message).waitFor()
    expect(visits.watched.context.pages()).toHaveLength(1)
  })

  it('ends after a question that names what is lost', async () => {
    const page = await visit('/', { sessions: RUNNING })
    await chooseFromMenu(page, 'analysis', 'End')
    const dialog = page.getByRole('dialog', { name: 'End analysis?' })
    await dialog.getByText('what is not saved in a file is lost').waitFor()
    await expect.poll(() => focusedName(page)).toBe('Cancel')
    visits.server.script.sessions = { ...RUNNING, sessions: RUNNING.sessions.slice(1) }
    await dialog.getByRole('button', { name: 'End', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await row(page, 'analysis').waitFor({ state: 'detached' })
    expect(visits.server.posted.map(({ path }) => path)).toEqual(['/api/sessions/session-1/end'])
  })

  it('that did not start shows its log in words, to be copied', async () => {
    const log = { lines: ['Traceback (most recent call last):', "ModuleNotFoundError: No module named 'jupyter_server'"] }
    const page = await visit('/', { sessions: EVERY_SESSION, log })
    await row(page, 'broken').getByRole('button', { name: 'Log of broken' }).click()
    const dialog = page.getByRole('dialog', { name: 'Log of broken' })
    await dialog.getByText('Jupyter ended with exit code 1 after 2 s.').waitFor()
    await dialog.getByText("No module named 'jupyter_server'").waitFor()
    await dialog.getByRole('button', { name: 'Copy log' }).click()
    await page.getByText('Copied', { exact: true }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(log.lines.join('\n'))
    await page.goBack()
    await dialog.waitFor({ state: 'detached' })
  })

  it('changes live, in its place, and is read out', async () => {
    const page = await visit('/', { sessions: EVERY_SESSION })
    await row(page, 'models').getByText('Starting').waitFor()
    await expect.poll(() => visits.server.listeners).toBe(1)
    const [first, ...others] = EVERY_SESSION.sessions
    visits.server.script.sessions = {
      ...EVERY_SESSION,
      sessions: [{ ...(first ?? sampleSession(5)), state: 'running', label: 'Running', tone: 'ok', canOpen: true }, ...others],
    }
    visits.server.emit('sessions')
    await row(page, 'models').getByRole('button', { name: 'Open models' }).waitFor()
    await page.getByRole('status').getByText('models: Running').waitFor({ state: 'attached' })
  })
})

describe('with the keyboard alone', () => {
  it('one opens the menu of a row, moves in it, and comes back', async () => {
    const page = await visit('/', { sessions: RUNNING })
    await row(page, 'analysis').getByRole('button', { name: 'More about analysis' }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => focusedName(page)).toBe('Log')
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => focusedName(page)).toBe('End')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'End analysis?' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('/ filters from ten rows on, and ? lists the keys', async () => {
    const page = await visit('/', { sessions: FORTY_SESSIONS })
    await expect.poll(() => page.getByRole('listitem').count()).toBe(40)
    await page.keyboard.press('/')
    await page.keyboard.type('region 40')
    await expect.poll(() => page.getByRole('listitem').count()).toBe(1)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  })
})
