import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { listed, MANY_USERS, oversightScript, UNWELL } from './sample-oversight.ts'
import { Visits } from './visits.ts'

const visits = new Visits()
const REFUSAL = { status: 403, body: { error: { code: 'recent_login_needed', message: 'Type your password again.' } } } as const
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const posted = (): readonly string[] => visits.server.posted.map(({ path }) => path)

describe('the dashboard', () => {
  it('begins with the verdict, and its buttons lead to the integration or reload', async () => {
    const page = await visits.open('/admin', oversightScript({ overview: UNWELL }))
    await page.getByRole('heading', { name: '2 things need you' }).waitFor()
    visits.server.script.posts = {
      '/api/admin/configuration/reload': { status: 200, body: { applied: true, findings: [], nodes: [] } },
    }
    await button(page, 'Reload').click()
    await page.getByText('The files were read again.').waitFor()
    expect(posted()).toEqual(['/api/admin/configuration/reload'])
    await button(page, 'Open: salesforce').click()
    await expect.poll(() => new URL(page.url()).pathname).toBe('/admin/integrations/salesforce')
  })

  it('says why a reload did not take place', async () => {
    const page = await visits.open('/admin', oversightScript({ overview: UNWELL }))
    const findings = [{ severity: 'error', text: 'oauth-clients.conf:3: [box] token-url: is missing' }]
    visits.server.script.posts = {
      '/api/admin/configuration/reload': { status: 200, body: { applied: false, findings, nodes: [] } },
    }
    await button(page, 'Reload').click()
    await page.getByRole('alert').getByText('oauth-clients.conf:3').waitFor()
  })

  it('shows what has changed by itself', async () => {
    const page = await visits.open('/admin', oversightScript())
    await page.getByRole('heading', { name: 'Everything is working.' }).waitFor()
    visits.server.script.gets = { ...visits.server.script.gets, '/api/admin/overview': UNWELL }
    await page.clock.runFor(11_000)
    await page.getByRole('heading', { name: '2 things need you' }).waitFor()
  })
})

describe('whoever is no administrator', () => {
  it.each(['/admin', '/admin/users', '/admin/users/bob', '/admin/sessions', '/admin/audit'])(
    'reads what to do at %s, and no list of pages for others',
    async (path) => {
      const page = await visits.open(path, { isAdmin: false })
      await page.getByText('Only administrators see this page, and ada is not one.').waitFor()
      expect(await page.getByRole('navigation').count()).toBe(0)
      await page.getByRole('link', { name: 'Settings' }).click()
      await expect.poll(() => new URL(page.url()).pathname).toBe('/settings/managed-credentials')
    },
  )
})

describe('people', () => {
  it('are filtered by the address, and by typing after /', async () => {
    const page = await visits.open('/admin/users?filter=bob', oversightScript())
    await page.getByRole('link', { name: 'bob' }).waitFor()
    expect(await page.getByRole('link', { name: 'ada', exact: true }).count()).toBe(0)
    await page.keyboard.press('/')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'ada', exact: true }).waitFor()
    expect(new URL(page.url()).search).toBe('')
    await page.keyboard.type('nobody')
    await page.getByText('No user matches “nobody”.').waitFor()
  })

  it('are sent by page, which stands in the address; another filter begins at its first', async () => {
    const page = await visits.open('/admin/users', oversightScript({ users: listed('users', MANY_USERS) }))
    await page.getByText('140 users', { exact: true }).waitFor()
    expect(await page.locator('.user-row').count()).toBe(100)
    await button(page, 'Next').click()
    await expect.poll(() => page.locator('.user-row').count()).toBe(40)
    expect(new URL(page.url()).searchParams.get('after')).toBe(MANY_USERS[99]?.name)
    expect(await button(page, 'Next').count()).toBe(0)
    await page.getByRole('searchbox', { name: 'Filter' }).fill('example13')
    await page.getByText('11 of 140 users').waitFor()
    expect(new URL(page.url()).search).toBe('?filter=example13')
    await page.goBack()
    await button(page, 'Next').waitFor()
  })

  it('are locked after the password was typed, once, and a wrong one is told', async () => {
    const page = await visits.open('/admin/users/ada', oversightScript())
    const lock = '/api/admin/users/ada/lock'
    const confirm = '/api/admin/confirm-login'
    let isConfirmed = false
    visits.server.script.posts = {
      [lock]: () => (isConfirmed ? { status: 200, body: {} } : REFUSAL),
      [confirm]: (body) => {
        isConfirmed = (body as { password: string }).password === 'right'
        if (isConfirmed) return { status: 200, body: {} }
        return { status: 403, body: { error: { code: 'refused', message: 'The password is not right.' } } }
      },
    }
    await button(page, 'Lock').click()
    await page.getByRole('dialog', { name: 'Lock ada?' }).getByRole('button', { name: 'Lock' }).click()
    const dialog = page.getByRole('dialog', { name: 'Type your password again' })
    await dialog.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').getByText('The password is not right.').waitFor()
    await dialog.getByLabel('Password').fill('right')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').first().waitFor({ state: 'detached' })
    expect(posted()).toEqual([lock, confirm, confirm, lock])
  })

  it('are left alone when no password is typed', async () => {
    const page = await visits.open('/admin/users/ada', oversightScript())
    visits.server.script.posts = { '/api/admin/users/ada/sign-ins/t1/purge': REFUSAL }
    await button(page, 'Purge the sign-in to Box API Access').click()
    const question = page.getByRole('dialog', { name: 'Purge the sign-in of ada to Box API Access?' })
    await question.getByRole('button', { name: 'Purge' }).click()
    await page.getByRole('dialog', { name: 'Type your password again' }).waitFor()
    await page.keyboard.press('Escape')
    await question.getByRole('alert').getByText('Type your password again.').waitFor()
    expect(posted()).toEqual(['/api/admin/users/ada/sign-ins/t1/purge'])
  })

  it('have a sign-in revoked only where the service can be asked', async () => {
    const page = await visits.open('/admin/users/ada', oversightScript())
    await button(page, 'Revoke the sign-in to Box API Access').waitFor()
    expect(await button(page, 'Revoke the sign-in to Salesforce').count()).toBe(0)
  })
})

describe('sessions of everybody', () => {
  it('end without a password', async () => {
    const page = await visits.open('/admin/sessions?filter=nightly', oversightScript())
    await button(page, 'End nightly of bob').click()
    await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(posted()).toEqual(['/api/admin/sessions/s2/end'])
  })
})

describe('the audit', () => {
  it('keeps what is looked for in the address, goes to older lines, and exports just that', async () => {
    const page = await visits.open('/admin/audit', oversightScript())
    await page.getByRole('textbox', { name: 'User' }).fill('ada')
    await page.getByLabel('What').selectOption('user.locked')
    await page.getByLabel('From').fill('2026-11-20')
    await button(page, 'Show').click()
    await expect.poll(() => new URL(page.url()).search).toBe('?user=ada&action=user.locked&from=2026-11-20')
    await page.getByText('client_refused: answered invalid_client · Reference K7QM-2ABC').waitFor()
    expect(await page.getByLabel('Reference').inputValue()).toBe('')
    const exported = await page.getByRole('link', { name: 'Export as lines of JSON' }).getAttribute('href')
    expect(new URL(exported ?? '', page.url()).searchParams.get('action')).toBe('user.locked')
    await button(page, 'Older').click()
    await expect.poll(() => new URL(page.url()).searchParams.get('before')).toBe('6')
    expect(await page.getByRole('link', { name: 'Export as lines of JSON' }).getAttribute('href')).toBe(exported)
    await button(page, 'Newest').click()
    await expect.poll(() => new URL(page.url()).searchParams.get('before')).toBe(null)
  })
})
